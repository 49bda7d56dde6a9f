import type { Pool } from "../../core/e2ee/offload/pool.ts";
import { accepted, type Parsed } from "../../core/platform/parsed.ts";
import { type BlockCell, blockCells, type ColourDepth } from "./blocks.ts";
import { decode } from "./decode.ts";
import { kittyPicture } from "./kitty.ts";
import { opaque, type Size, shrink, sizeWithin } from "./picture.ts";
import { sixelPicture } from "./sixel.ts";

/** How a picture is to be drawn. */
export type PreviewWay =
  | { readonly kind: "blocks"; readonly depth: ColourDepth }
  | { readonly kind: "kitty"; readonly id: number }
  | { readonly kind: "sixel" };

export interface PreviewRequest {
  /** The file; a preview moves it to the thread, and it is gone here, if it is a buffer of its own. */
  readonly file: Uint8Array;
  /** How many cells there is room for. */
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a cell, where the terminal has said; pictures of pixels take as many. */
  readonly cell?: Size | undefined;
  readonly way: PreviewWay;
}

/** What to draw, and how many cells it takes: cells, or a sequence to write with the cursor where the picture begins. */
export interface Preview {
  readonly columns: number;
  readonly rows: number;
  readonly drawing:
    | { readonly kind: "cells"; readonly cells: readonly (readonly BlockCell[])[] }
    | { readonly kind: "sequence"; readonly sequence: string };
}

/** A terminal that does not say how large its cells are gets these; it scales Kitty pictures by itself. */
const usualCell: Size = { width: 8, height: 16 };

/** Decodes, turns, shrinks and encodes. Runs in the pool's threads: seconds for a large photograph. */
export async function preview({
  file,
  columns,
  rows,
  cell = usualCell,
  way,
}: PreviewRequest): Promise<Parsed<Preview>> {
  const decoded = await decode(file);
  if (!decoded.ok) return decoded;
  const pixels = way.kind === "blocks" ? { width: 1, height: 2 } : cell;
  const size = sizeWithin(decoded.value, { width: columns * pixels.width, height: rows * pixels.height });
  const picture = opaque(shrink(decoded.value, size));
  const taken = { columns: Math.ceil(size.width / pixels.width), rows: Math.ceil(size.height / pixels.height) };
  switch (way.kind) {
    case "blocks":
      return accepted({ ...taken, drawing: { kind: "cells", cells: blockCells(picture, way.depth) } });
    case "kitty": {
      const sequence = kittyPicture(picture, { id: way.id, ...taken });
      return accepted({ ...taken, drawing: { kind: "sequence", sequence } });
    }
    case "sixel":
      return accepted({ ...taken, drawing: { kind: "sequence", sequence: sixelPicture(picture) } });
    default:
      return way satisfies never;
  }
}

/** Previews in a pool that was made with this module; `busy` when too many wait. */
export class PooledPreviews {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async preview(request: PreviewRequest): Promise<Parsed<Preview>> {
    const ran = await this.#pool.run<Parsed<Preview>>("preview", request);
    return ran.ok ? ran.value : ran;
  }
}

export const previewTasksFile = import.meta.filename;
