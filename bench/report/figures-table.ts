import type { DocumentKind } from "../document/document-kind.ts";
import { type FiguresDocument, figuresDocument } from "../document/figures-document.ts";
import { figure } from "./figures.ts";
import { plainTable } from "./plain-table.ts";

/** The documents of a benchmark whose result is a list of figures. */
export function figuresOf<Name extends string>(benchmark: Name): DocumentKind<FiguresDocument<Name>> {
  return { schema: figuresDocument(benchmark), table: figuresTable };
}

export function figuresTable({ figures }: { readonly figures: readonly Figure[] }): string {
  return plainTable(
    ["figure", "value", "unit"],
    figures.map(({ name, value, unit }) => [name, value === null ? "–" : figure(value), unit]),
  );
}

interface Figure {
  readonly name: string;
  readonly value: number | null;
  readonly unit: string;
}
