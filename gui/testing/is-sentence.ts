/** One sentence for a person, on one line. */
export const isSentence = (text: string): boolean => /^\P{Ll}.*[.!?]$/u.test(text) && !text.includes("\n");
