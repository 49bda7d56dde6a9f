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
  /** Moves with the `tick` events: what a spinner shows, and when typing ends. Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly settings: Settings;
  readonly bindings: Bindings;
  /** One line about what just happened; goes by itself. */
  readonly notice: Notice | undefined;
  /** The terminal has the user's attention: it said so, or never says. */
  readonly focused: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Notice {
  readonly kind: "info" | "problem";
  readonly text: string;
  readonly untilMs: number;
}

/** Before an account is open: which one, or a new one. */
export interface SignIn {
  readonly kind: "signIn";
  readonly profiles: readonly { readonly name: string; readonly user: string; readonly server: string }[];
  /** Which of the profiles is chosen; undefined for the form of an account that this machine does not know. */
  readonly chosen: number | undefined;
  readonly fields: Readonly<Record<SignInField, Editor>>;
  readonly field: SignInField | SignInButton;
  /** What is being done, with what to wait for. */
  readonly busy: { readonly doing: string; readonly sinceMs: number } | undefined;
  /** What went wrong, in one sentence, and the way on. */
  readonly problem: { readonly text: string; readonly advice: string } | undefined;
}

export type SignInField = "server" | "user" | "password";
export type SignInButton = "join" | "signUp";

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
  /** Where in it the message box is; undefined when it shows what is being written. */
  readonly recalled: { readonly at: number; readonly kept: Editor } | undefined;
  /** What Tab has offered, to offer the next of it. */
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
  /** Messages that wait to be acknowledged. */
  readonly waiting: number;
}

/** A group's window of messages: a piece of all that there are, without holes. */
export interface Conversation {
  readonly group: GroupId;
  readonly facts: GroupFacts | undefined;
  readonly messages: readonly MessageRow[];
  /** What lies before the window: in the vault, perhaps at the server, or nothing. */
  readonly older: "vault" | "server" | "loading" | "none";
  /** Whether the window ends with the newest message. */
  readonly newest: boolean;
  /** The line at the bottom of the view; undefined keeps to the newest. */
  readonly anchor: Anchor | undefined;
  /** The first place that was unread when the conversation was opened. */
  readonly newFrom: Seq | undefined;
  /** In the focus `messages`. */
  readonly selected: RowKey | undefined;
  readonly draft: Editor;
  readonly online: ReadonlySet<UserId>;
  /** How far everybody has read. */
  readonly readUpTo: ReadonlyMap<UserId, Seq>;
  /** Who is writing, and until when that is believed. */
  readonly typing: ReadonlyMap<UserId, number>;
}

/** A line of a message: counted from its last one, which is 0. */
export interface Anchor {
  readonly key: RowKey;
  readonly linesBelow: number;
}
