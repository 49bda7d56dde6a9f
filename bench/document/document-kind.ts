import type { z } from "zod";
import type { RunDocument } from "./document.ts";

/** The documents of one benchmark: their form, and how they are read by people. */
export interface DocumentKind<Document extends RunDocument> {
  readonly schema: z.ZodType<Document>;
  /** What a reader must know before the figures. */
  preamble?(document: NoInfer<Document>): readonly string[];
  table(document: NoInfer<Document>): string;
  /** What the table does not say. */
  notes?(document: NoInfer<Document>): readonly string[];
  /** Whether everything is as it has to be; if not, the exit code is 1. */
  passed?(document: NoInfer<Document>): boolean;
  /** The document as a page for the browser. */
  html?(document: NoInfer<Document>): string;
}
