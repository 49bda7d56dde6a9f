import type { Picture, PixelSize } from "../../core/media/pixels.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { messageOf } from "../../core/platform/failure.ts";
import { Pool } from "../../core/platform/pool.ts";
import { accepted, type Result, refused } from "../../core/platform/result.ts";
import type { Preview } from "../model/shown.ts";
import { decode } from "./decode.ts";
import { type Colours, halfBlocks } from "./half-blocks.ts";
import { fitted, scaled, swapsSides, turned } from "./scaling.ts";

/** Decodes a picture and makes it small. It runs in the pool's thread: a photograph takes half a second. */
export function shrink({ bytes, room }: { bytes: Uint8Array; room: PixelSize }): Result<Picture> {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  const { picture, orientation } = decoded.value;
  // Turned after scaling, when it is small.
  const storedRoom = swapsSides(orientation) ? { width: room.height, height: room.width } : room;
  return accepted(turned(scaled(picture, fitted(picture, storedRoom)), orientation));
}

/** How many pictures may wait for the thread; further ones are refused, and are drawn when they come into view again. */
const waitingMax = 32;

/**
 * The time for one picture: 40 megapixels take a few seconds on a slow machine. A decoder that never ends would block all
 * others.
 */
const shrinkMsMax = 30_000;

/** Pictures as a terminal can show them. Decoded in a thread, which ends when there has been nothing to do for a while. */
export class Previews {
  readonly #colours: Colours;
  readonly #clock: Clock;
  #pool = newPool();

  constructor(colours: Colours, clock: Clock) {
    this.#colours = colours;
    this.#clock = clock;
  }

  /** A picture as half-blocks, at most so many columns and rows. */
  async draw(bytes: Uint8Array, columns: number, rows: number): Promise<Exclude<Preview, { kind: "loading" }>> {
    const picture = await this.shrink(bytes, { width: columns, height: 2 * rows });
    if (!picture.ok) return { kind: "none", why: picture.reason };
    return { kind: "lines", columns: picture.value.width, lines: halfBlocks(picture.value, this.#colours) };
  }

  /** A picture's pixels, upright, at most as large as the room: for Kitty's protocol and for Sixel. */
  async shrink(bytes: Uint8Array, room: PixelSize): Promise<Result<Picture>> {
    if (room.width < 1 || room.height < 1) return refused("there is no room for it");
    // It waits for the pictures before it, each of which has its own time.
    const waitMs = shrinkMsMax * (this.#pool.waiting + 2);
    const pool = this.#pool;
    const stopWaiting = this.#clock.after(waitMs, () => this.#replace(pool));
    try {
      const ran = await pool.run<Result<Picture>>("shrink", { bytes, room });
      return ran.ok ? ran.value : refused("too many pictures at once");
    } catch (cause) {
      return refused(pool === this.#pool ? messageOf(cause) : "it took too long");
    } finally {
      stopWaiting();
    }
  }

  /** Ends the thread; pictures that wait are refused. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** The thread hangs: it is replaced, and the pictures that waited for it are refused. */
  #replace(hung: Pool): void {
    if (hung !== this.#pool) return;
    this.#pool = newPool();
    hung.close().catch(() => {});
  }
}

// One thread: a large picture takes 320 MB.
function newPool(): Pool {
  return new Pool({ filename: previewTasksFile, threadsMin: 0, threadsMax: 1, queueMax: waitingMax });
}

const previewTasksFile = import.meta.filename;
