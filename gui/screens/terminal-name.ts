/**
 * The terminal that blessed is told to draw for. It misreads descriptions with 32-bit numbers, as systems of today have them:
 * in tmux it would find 8 colours, and for screen-256color it prints an error across the screen. What a terminal of today
 * takes is in these two.
 */
export function terminalName(environment: Readonly<Record<string, string | undefined>>): "xterm-256color" | "xterm" {
  const { TERM = "", COLORTERM, TMUX } = environment;
  const isKnown = /256|direct|kitty|ghostty|alacritty|foot|wezterm|contour|^tmux/.test(TERM);
  return isKnown || COLORTERM || TMUX ? "xterm-256color" : "xterm";
}
