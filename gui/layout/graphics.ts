import type { Frame } from "./frame.ts";
import { columnsOfSpan } from "./line.ts";

/** Cells that a picture fills, from the screen's top left. */
export interface GraphicPlace {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** The pictures of a frame that are wholly in view, with no dialog over them. Others stay half-blocks. */
export function graphicPlaces({ areas }: Frame): readonly GraphicPlace[] {
  if (areas.some(({ name }) => name === "dialog")) return [];
  const places: GraphicPlace[] = [];
  for (const { place, lines } of areas) {
    for (const [at, line] of lines.entries()) {
      let x = place.x;
      for (const part of line) {
        const columns = columnsOfSpan(part);
        const { graphic } = part;
        if (graphic && at + graphic.rows <= lines.length) {
          places.push({ id: graphic.id, x, y: place.y + at, columns, rows: graphic.rows });
        }
        x += columns;
      }
    }
  }
  return places;
}
