import { z } from "zod";

/** Whoever sends nonsense is told of its beginning: it may be wrong in a hundred thousand places. */
const issuesMax = 5;
const charsMax = 500;

/** What is wrong, and where, in a few lines for people. */
export function complaintOf(error: z.ZodError): string {
  return shortened(z.prettifyError(new z.ZodError(error.issues.slice(0, issuesMax))));
}

/** A text about what somebody else sent, and may repeat as much of. */
export function shortened(text: string): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
