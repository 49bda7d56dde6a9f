const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const frameMs = 100;

/** The character of a spinner at this time. */
export const spinner = (nowMs: number): string => frames.charAt(Math.floor(nowMs / frameMs) % frames.length);
