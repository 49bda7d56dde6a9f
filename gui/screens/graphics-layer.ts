import type { GraphicPlace } from "../layout/graphics.ts";

/** How a terminal shows the pixels of pictures over its cells. */
export interface GraphicsProtocol {
  /** The sequence that shows a picture in its place; undefined when its pixels are not kept any more. */
  show(place: GraphicPlace): string | undefined;
  /** The sequence that removes it; undefined where only drawing the cells anew does that. */
  hide(id: number): string | undefined;
}

interface Change {
  /** The cells have to be drawn anew before anything is written. */
  readonly isRedrawn: boolean;
  readonly sequences: string;
}

/** The pictures whose pixels are on the screen. */
export class GraphicsLayer {
  readonly #protocol: GraphicsProtocol;
  #shown = new Map<number, GraphicPlace>();

  constructor(protocol: GraphicsProtocol) {
    this.#protocol = protocol;
  }

  /** What has to be written so that these pictures, and no others, are on the screen. */
  change(places: readonly GraphicPlace[]): Change {
    const wanted = new Map(places.map((place) => [place.id, place]));
    let hidden = "";
    let isRedrawn = false;
    for (const [id, place] of this.#shown) {
      if (isSame(place, wanted.get(id))) continue;
      const hiding = this.#protocol.hide(id);
      hidden += hiding ?? "";
      isRedrawn ||= hiding === undefined;
    }
    let shown = "";
    for (const place of places) {
      if (isRedrawn || !isSame(place, this.#shown.get(place.id))) shown += this.#protocol.show(place) ?? "";
    }
    this.#shown = wanted;
    return { isRedrawn, sequences: hidden + shown };
  }

  /** The screen was cleared. */
  forget(): void {
    this.#shown.clear();
  }
}

function isSame(place: GraphicPlace, other: GraphicPlace | undefined): boolean {
  return other !== undefined && other.x === place.x && other.y === place.y && other.columns === place.columns;
}
