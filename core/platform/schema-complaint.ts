import { z } from "zod";

/** A complaint names the first faults only: an input may have a hundred thousand. */
const issuesMax = 5;
const charsMax = 500;

/** What is wrong with an input, and where, in a few lines for people. */
export function complaintOf(error: z.ZodError): string {
  return shortened(z.prettifyError(new z.ZodError(error.issues.slice(0, issuesMax))));
}

/** The beginning of a text that may repeat what somebody else sent, and so may be of any length. */
export function shortened(text: string): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
