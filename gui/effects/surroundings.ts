import type { Preview } from "../model/shown.ts";

/** What effects need of the terminal. */
export interface Terminal {
  /** Lets the user write in their own editor; undefined when that failed. */
  edit(text: string): Promise<string | undefined>;
  notify(title: string, text: string): void;
  redraw(): void;
  suspend(): void;
  /** Leaves the program; the account is closed already. */
  quit(): void;
}

/** Draws pictures with characters. */
export interface Pictures {
  /** Draws a picture in at most this many columns and rows. */
  draw(picture: Uint8Array, columns: number, rows: number): Promise<Exclude<Preview, { kind: "loading" }>>;
}

/** Shows files and addresses with whatever the system has for them. */
export interface Viewer {
  open(fileOrUrl: string): Promise<void>;
}
