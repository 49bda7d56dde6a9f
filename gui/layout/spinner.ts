const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;

/** Turns as long as something is awaited. */
export const spinner = (nowMs: number): string => frames[Math.floor(nowMs / frameMs) % frames.length] ?? "";
