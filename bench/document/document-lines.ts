import type { RunDocument } from "./document.ts";
import type { DocumentKind } from "./document-kind.ts";
import { partialNotice } from "./partial-notice.ts";

/** A document as the terminal shows it. */
export function linesOf<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  document: Document,
): readonly string[] {
  return [
    ...partialNotice(document),
    ...(kind.preamble?.(document) ?? []),
    kind.table(document),
    ...(kind.notes?.(document) ?? []),
  ];
}
