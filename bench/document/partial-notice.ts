import type { RunDocument } from "./document.ts";

/** What a reader must know first of a run that did not come to its end; empty for one that did. */
export function partialNotice({ partial }: Pick<RunDocument, "partial">): string[] {
  if (!partial) return [];
  const { reason, at, detail } = partial;
  const why = {
    unfinished: `the run was at "${at}" when this was written, and has not ended since, or was killed`,
    interrupted: `interrupted at "${at}"`,
    failed: `the run failed at "${at}"${detail === undefined ? "" : ` (${detail})`}`,
  }[reason];
  return [`PARTIAL RESULT: ${why}. It holds what was measured until then.`];
}
