/** Names that somebody typed, separated by commas. */
export const namesIn = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((name) => name.trim().replace(/^@/, ""))
      .filter((name) => name !== ""),
  ),
];
