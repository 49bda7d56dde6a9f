import type { RowKey } from "../../core/client/index.ts";
import type { GroupId, Seq, UserId } from "../../core/wire/ids.ts";
import type { Bindings } from "../keys/bindings.ts";
import type { Dialog } from "./dialog.ts";
import type { Editor } from "./editor.ts";
import type { Settings } from "./settings.ts";
import type { GroupFacts, GroupRow, MessageRow, PersonRow, Preview, TransferRow } from "./shown.ts";

export type State = SignInState | ChatState;

export interface SignInState extends Client {
  readonly scene: SignIn;
}

export interface ChatState extends Client {
  readonly scene: Chat;
}

interface Client {
  readonly size: Size;
  /** Milliseconds since the Unix epoch, set by `tick` events. Spinners turn with it, and typing ends by it. */
  readonly nowMs: number;
  readonly settings: Settings;
  readonly bindings: Bindings;
  /** One line about what just happened; goes by itself. */
  readonly toast: Toast | undefined;
  /** Whether the terminal has the focus of the desktop; true for terminals that do not report it. */
  readonly focused: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Toast {
  readonly kind: "info" | "problem";
  readonly text: string;
  readonly untilMs: number;
}

/** The form before an account is open: for a profile of this machine, or for another account. */
export interface SignIn {
  readonly kind: "signIn";
  readonly profiles: readonly { readonly name: string; readonly user: string; readonly server: string }[];
  /** Which of the profiles is chosen; undefined for the form of an account that this machine does not know. */
  readonly chosen: number | undefined;
  readonly fields: Readonly<Record<SignInField, Editor>>;
  readonly field: SignInField | SignInButton;
  /** What signing in does just now. */
  readonly busy: { readonly doing: string; readonly sinceMs: number } | undefined;
  /** What went wrong, in one sentence, and advice. */
  readonly problem: { readonly text: string; readonly advice: string } | undefined;
}

export type SignInField = "server" | "user" | "password";
export type SignInButton = "logIn" | "signUp";

export interface Chat {
  readonly kind: "chat";
  readonly self: {
    readonly user: UserId;
    readonly name: string;
    readonly profile: string;
    readonly server: string;
  };
  readonly connection: Connection;
  readonly groups: readonly GroupRow[];
  readonly people: ReadonlyMap<UserId, PersonRow>;
  readonly active: GroupId | undefined;
  readonly conversations: ReadonlyMap<GroupId, Conversation>;
  readonly focus: Focus;
  /** The last is on top, and has the keys. */
  readonly dialogs: readonly Dialog[];
  readonly transfers: ReadonlyMap<string, TransferRow>;
  readonly previews: ReadonlyMap<RowKey, Preview>;
  /** Lines that were sent, newest last, for the message box's history. */
  readonly sentLines: readonly string[];
  /** Which of `sentLines` the message box shows, and the draft that it showed before; undefined when it shows the draft. */
  readonly recalled: { readonly at: number; readonly kept: Editor } | undefined;
  /** The completions of the last Tab, for the next Tab. */
  readonly completion: { readonly from: number; readonly options: readonly string[]; readonly at: number } | undefined;
}

export type Focus = "input" | "messages" | "groups";

export interface Connection {
  readonly state: "offline" | "connecting" | "online";
  /** Why it is not online. */
  readonly why: string;
  readonly server: string | undefined;
  readonly strategy: string | undefined;
  readonly roundTripMs: number | undefined;
  /** How many messages wait to be acknowledged. */
  readonly waiting: number;
}

/** A group's conversation. `messages` is a window: a part of all its messages, without holes. */
export interface Conversation {
  readonly group: GroupId;
  readonly facts: GroupFacts | undefined;
  readonly messages: readonly MessageRow[];
  /** Where messages older than the window are; `none` when the window begins with the first. */
  readonly older: "vault" | "server" | "loading" | "none";
  /** Whether the window ends with the newest message. */
  readonly newest: boolean;
  /** The line at the bottom of the view; undefined while the view follows the newest message. */
  readonly anchor: Anchor | undefined;
  /** The first seq that was unread when the user went to the conversation. */
  readonly newFrom: Seq | undefined;
  /** The selected message, while the messages have the focus. */
  readonly selected: RowKey | undefined;
  readonly draft: Editor;
  readonly online: ReadonlySet<UserId>;
  /** Up to which seq each member has read. */
  readonly readUpTo: ReadonlyMap<UserId, Seq>;
  /** The members who are typing, each with the time at which that ends. */
  readonly typing: ReadonlyMap<UserId, number>;
}

/** A line of a message, counted upwards from its last line, which is 0. */
export interface Anchor {
  readonly key: RowKey;
  readonly linesBelow: number;
}
