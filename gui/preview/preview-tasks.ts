import { Pool } from "../../core/e2ee/offload/pool.ts";
import { messageOf } from "../../core/platform/failure.ts";
import { accepted, type Parsed, refused } from "../../core/platform/parsed.ts";
import type { Preview } from "../model/shown.ts";
import { decode } from "./decode.ts";
import { type Colours, halfBlocks } from "./half-blocks.ts";
import { fitted, type Picture, type PixelSize, scaled, swapsSides, turned } from "./picture.ts";

/** Makes pictures small, as a pool task: a photograph takes half a second. Runs in the pool's thread. */
export function shrink({ bytes, room }: { bytes: Uint8Array; room: PixelSize }): Parsed<Picture> {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  const { picture, orientation } = decoded.value;
  // It is turned when it is small.
  const storedRoom = swapsSides(orientation) ? { width: room.height, height: room.width } : room;
  return accepted(turned(scaled(picture, fitted(picture, storedRoom)), orientation));
}

/** Pictures that may wait for the thread; whoever scrolls past more than that gets them when they come back. */
const waitingMax = 32;

/** Pictures as a terminal can show them. Decoded in a thread, which ends when there has been nothing to do for a while. */
export class Previews {
  // One thread: a large picture takes 320 MB.
  readonly #pool = new Pool({ filename: previewTasksFile, threadsMin: 0, threadsMax: 1, queueMax: waitingMax });
  readonly #colours: Colours;

  constructor(colours: Colours) {
    this.#colours = colours;
  }

  /** A picture as half-blocks, at most so many columns and rows. */
  async draw(bytes: Uint8Array, columns: number, rows: number): Promise<Exclude<Preview, { kind: "loading" }>> {
    const picture = await this.shrink(bytes, { width: columns, height: 2 * rows });
    if (!picture.ok) return { kind: "none", why: picture.reason };
    return { kind: "lines", columns: picture.value.width, lines: halfBlocks(picture.value, this.#colours) };
  }

  /** A picture's pixels, upright, at most as large as the room: for Kitty's protocol and for Sixel. */
  async shrink(bytes: Uint8Array, room: PixelSize): Promise<Parsed<Picture>> {
    if (room.width < 1 || room.height < 1) return refused("there is no room for it");
    try {
      const ran = await this.#pool.run<Parsed<Picture>>("shrink", { bytes, room });
      return ran.ok ? ran.value : refused("too many pictures at once");
    } catch (cause) {
      return refused(messageOf(cause));
    }
  }

  /** Ends the thread; pictures that wait are refused. */
  async close(): Promise<void> {
    await this.#pool.close();
  }
}

const previewTasksFile = import.meta.filename;
