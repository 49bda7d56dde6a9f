import type { Picture, PixelSize } from "../../core/media/pixels.ts";
import type { GraphicPlace } from "../layout/graphics.ts";
import type { Preview } from "../model/shown.ts";
import type { Graphics } from "./detect.ts";
import { kittyDelete, kittyShow } from "./kitty.ts";
import type { Previews } from "./preview-tasks.ts";
import { sixelShow } from "./sixel.ts";

/** The pixels of this many pictures are kept; older pictures are shown as half-blocks. */
const keptMax = 40;
/** The size of a cell where the terminal does not report it; only for Kitty's protocol, which scales by itself. */
const usualCell: PixelSize = { width: 10, height: 20 };

/** Pictures as half-blocks, and their pixels for a terminal that shows them. */
export class Drawings {
  readonly #previews: Previews;
  readonly #ask: () => Promise<Graphics>;
  readonly #pictures = new Map<number, Picture>();
  #graphics: Promise<Graphics> | undefined;
  #kind: Graphics["kind"] = "halfBlocks";
  #last = 0;

  /** The terminal is asked what it can show when the first picture is drawn. */
  constructor(previews: Previews, ask: () => Promise<Graphics>) {
    this.#previews = previews;
    this.#ask = ask;
  }

  async draw(bytes: Uint8Array, columns: number, rows: number): Promise<Exclude<Preview, { kind: "loading" }>> {
    const drawn = await this.#previews.draw(bytes, columns, rows);
    this.#graphics ??= this.#ask();
    const { kind, cell } = await this.#graphics;
    this.#kind = kind;
    // Sixel draws pixels as they are: without a cell's size they would cover something else.
    if (drawn.kind === "none" || kind === "halfBlocks" || (kind === "sixel" && !cell)) return drawn;
    const { width, height } = cell ?? usualCell;
    const room = { width: drawn.columns * width, height: drawn.lines.length * height };
    const picture = await this.#previews.shrink(bytes, room);
    return picture.ok ? { ...drawn, graphic: this.#keep(picture.value) } : drawn;
  }

  show({ id, x, y, columns, rows }: GraphicPlace): string | undefined {
    const picture = this.#pictures.get(id);
    if (!picture) return undefined;
    if (this.#kind === "sixel") return sixelShow(picture, { row: y, column: x });
    return kittyShow(picture, { id, row: y, column: x, columns, rows });
  }

  hide(id: number): string | undefined {
    return this.#kind === "kitty" ? kittyDelete(id) : undefined;
  }

  #keep(picture: Picture): number {
    const [oldest] = this.#pictures.keys();
    if (this.#pictures.size >= keptMax && oldest !== undefined) this.#pictures.delete(oldest);
    this.#pictures.set(++this.#last, picture);
    return this.#last;
  }
}
