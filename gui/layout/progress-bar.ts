import { type Line, span } from "./line.ts";

const eighths = "▏▎▍▌▋▊▉";

/** A progress bar with its percentage. */
export function progressBar(done: number, of: number, columns: number): Line {
  const part = of > 0 ? Math.max(0, Math.min(1, done / of)) : 0;
  const percent = `${Math.floor(part * 100)} %`.padStart(6);
  const room = Math.max(0, columns - percent.length);
  const full = Math.floor(part * room * 8);
  const bar = "█".repeat(full >> 3) + eighths.charAt((full & 7) - 1);
  return [span(bar, "online"), span("░".repeat(room - bar.length), "border"), span(percent, "dim")];
}
