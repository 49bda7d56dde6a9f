/** What the user may set. */
export interface Settings {
  readonly theme: "dark" | "light" | "none";
  /** For which messages the terminal rings and shows a notification. */
  readonly notify: "mentions" | "all" | "none";
  /** Whether others see that the user is writing, and what the user has read. */
  readonly typing: boolean;
  readonly receipts: boolean;
  /** Pictures are shown in the conversation. */
  readonly previews: boolean;
}

export const defaultSettings: Settings = {
  theme: "dark",
  notify: "mentions",
  typing: true,
  receipts: true,
  previews: true,
};
