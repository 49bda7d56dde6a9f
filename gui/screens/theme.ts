import type { Ground, Span, Style } from "../layout/line.ts";
import { nickColours } from "../layout/people.ts";
import type { Settings } from "../model/settings.ts";

/** How a theme draws: parameters of the escape sequence that selects a rendition (ECMA-48, SGR), without its ends. */
export interface Theme {
  readonly styles: Readonly<Record<Exclude<Style, `nick${number}`>, string>>;
  readonly nicks: readonly string[];
  readonly grounds: Readonly<Record<Ground, string>>;
  /** Pictures keep their colours. */
  readonly hasColours: boolean;
}

const ink = (...colours: readonly number[]) => colours.map((colour) => `38;5;${colour}`);
/** A camera wants light blocks on black, whatever the theme. */
const qr = "38;5;231;48;5;16";

const dark: Theme = {
  styles: {
    text: "",
    dim: "38;5;245",
    strong: "1",
    time: "38;5;243",
    border: "38;5;239",
    heading: "1;38;5;153",
    own: "1;38;5;114",
    system: "38;5;245",
    mention: "38;5;117",
    mentionOwn: "1;38;5;222",
    link: "4;38;5;75",
    code: "38;5;180",
    problem: "38;5;203",
    unread: "1;38;5;215",
    verified: "38;5;114",
    changed: "1;38;5;203",
    online: "38;5;114",
    key: "38;5;153",
    picture: "",
    qr,
  },
  nicks: ink(75, 180, 176, 79, 209, 80, 222, 141, 168, 109, 186, 215),
  grounds: { bar: "48;5;236", selected: "48;5;238", field: "48;5;237", button: "48;5;24" },
  hasColours: true,
};

const light: Theme = {
  styles: {
    text: "",
    dim: "38;5;243",
    strong: "1",
    time: "38;5;245",
    border: "38;5;250",
    heading: "1;38;5;25",
    own: "1;38;5;28",
    system: "38;5;243",
    mention: "38;5;26",
    mentionOwn: "1;38;5;130",
    link: "4;38;5;26",
    code: "38;5;94",
    problem: "38;5;160",
    unread: "1;38;5;166",
    verified: "38;5;28",
    changed: "1;38;5;160",
    online: "38;5;28",
    key: "38;5;25",
    picture: "",
    qr,
  },
  nicks: ink(25, 130, 127, 30, 124, 94, 61, 162, 64, 97, 24, 166),
  grounds: { bar: "48;5;254", selected: "48;5;252", field: "48;5;255", button: "48;5;153" },
  hasColours: true,
};

/** For terminals with eight or sixteen colours, where greys would become black, perhaps on black. */
const few: Theme = {
  styles: {
    text: "",
    dim: "",
    strong: "1",
    time: "36",
    border: "",
    heading: "1;36",
    own: "1;32",
    system: "",
    mention: "36",
    mentionOwn: "1;33",
    link: "4;36",
    code: "33",
    problem: "31",
    unread: "1;33",
    verified: "32",
    changed: "1;31",
    online: "32",
    key: "36",
    picture: "",
    qr: "37;40",
  },
  nicks: Array.from({ length: nickColours }, (_, at) => `${at < 6 ? "" : "1;"}${[34, 35, 36, 33, 31, 32][at % 6]}`),
  grounds: { bar: "7", selected: "7", field: "4", button: "7" },
  hasColours: true,
};

const none: Theme = {
  styles: {
    text: "",
    dim: "",
    strong: "1",
    time: "",
    border: "",
    heading: "1",
    own: "1",
    system: "",
    mention: "4",
    mentionOwn: "1;4",
    link: "4",
    code: "",
    problem: "1",
    unread: "1",
    verified: "",
    changed: "1;4",
    online: "",
    key: "1",
    picture: "",
    qr: "",
  },
  nicks: Array.from({ length: nickColours }, () => "1"),
  grounds: { bar: "7", selected: "7", field: "4", button: "7" },
  hasColours: false,
};

const themes = { dark, light } as const;

/** The theme that is set, as far as the terminal has its colours and the user wants any (no-color.org). */
export function themeFor(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
  colours = 256,
): Theme {
  const isPlain = (environment["NO_COLOR"] ?? "") !== "" || environment["TERM"] === "dumb" || colours < 8;
  if (isPlain || settings.theme === "none") return none;
  return colours < 256 ? few : themes[settings.theme];
}

/** What a piece of text looks like. */
export function renditionOf(theme: Theme, { style, ground }: Pick<Span, "style" | "ground">): string {
  const own = isNick(style) ? (theme.nicks[Number(style.slice(4)) % nickColours] ?? "") : theme.styles[style];
  const under = ground === undefined ? "" : theme.grounds[ground];
  // On an inverse span, a colour would become the background.
  if (under === "7") return own.startsWith("1") ? "7;1" : "7";
  return own && under ? `${under};${own}` : own || under;
}

const isNick = (style: Style): style is `nick${number}` => style.startsWith("nick");
