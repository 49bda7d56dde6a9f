import type { z } from "zod";
import type { RunDocument } from "./document.ts";

/** The documents of one benchmark: their form, and how they are shown to people. */
export interface DocumentKind<Document extends RunDocument> {
  readonly schema: z.ZodType<Document>;
  /** Sentences that a reader must know before the figures. */
  preamble?(document: NoInfer<Document>): readonly string[];
  table(document: NoInfer<Document>): string;
  /** Sentences about what the table does not show. */
  notes?(document: NoInfer<Document>): readonly string[];
  /** Whether nothing failed and no promise was broken; if not, the exit code is 1. */
  passed?(document: NoInfer<Document>): boolean;
  /** The document as a page for the browser. */
  html?(document: NoInfer<Document>): string;
}
