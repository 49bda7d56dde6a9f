import type { RowKey } from "../../core/client/index.ts";
import type { GroupId, UserId } from "../../core/wire/ids.ts";
import type { Editor } from "./editor.ts";
import type { Effect } from "./effect.ts";
import type { FileEntry, SafetyNumber, SearchHit } from "./shown.ts";

/** The state of each kind of dialog. */
interface Dialogs {
  readonly help: HelpDialog;
  readonly group: GroupDialog;
  readonly members: MembersDialog;
  readonly trust: TrustDialog;
  readonly files: FilesDialog;
  readonly search: SearchDialog;
  readonly switch: SwitchDialog;
  readonly settings: SettingsDialog;
  readonly message: MessageDialog;
  readonly transfers: TransfersDialog;
  readonly confirm: ConfirmDialog;
}

export type DialogKind = keyof Dialogs;

export type DialogOf<K extends DialogKind> = { [P in K]: Dialogs[P] & { readonly kind: P } }[K];

export type Dialog = DialogOf<DialogKind>;

export interface HelpDialog {
  readonly kind: "help";
  readonly top: number;
}

/** Founds a group, or amends one. */
export interface GroupDialog {
  readonly kind: "group";
  /** Undefined for a new one. */
  readonly group: GroupId | undefined;
  /** Names are separated by commas. */
  readonly fields: { readonly title: Editor; readonly add: Editor; readonly remove: Editor };
  readonly field: "title" | "add" | "remove" | "history" | "expire" | "done";
  /** For a new group: whether new members read older messages, and for how many seconds messages are kept. */
  readonly history: boolean;
  readonly expire: number;
  readonly busy: boolean;
  readonly problem: string | undefined;
}

export interface MembersDialog {
  readonly kind: "members";
  readonly group: GroupId;
  readonly at: number;
}

export interface TrustDialog {
  readonly kind: "trust";
  readonly user: UserId;
  readonly number: SafetyNumber | undefined;
  readonly show: "digits" | "qr";
}

/** Chooses a file to send, or where to save one. */
export interface FilesDialog {
  readonly kind: "files";
  readonly group: GroupId;
  /** The directory that was asked for last; listings of directories that were asked for before are ignored. */
  readonly asked: string;
  readonly directory: string;
  readonly entries: readonly FileEntry[] | undefined;
  readonly filter: Editor;
  readonly at: number;
  /** Whether a picture keeps its metadata, such as where it was taken. */
  readonly keepMetadata: boolean;
  readonly problem: string | undefined;
  /** The preview of the selected file, if that is a picture. */
  readonly preview: { readonly file: string; readonly lines: readonly string[]; readonly why: string } | undefined;
}

export interface SearchDialog {
  readonly kind: "search";
  /** Undefined searches all conversations. */
  readonly group: GroupId | undefined;
  readonly words: Editor;
  readonly hits: readonly SearchHit[];
  readonly at: number;
}

export interface SwitchDialog {
  readonly kind: "switch";
  readonly words: Editor;
  readonly at: number;
}

export interface SettingsDialog {
  readonly kind: "settings";
  readonly at: number;
}

/** The menu of a message. */
export interface MessageDialog {
  readonly kind: "message";
  readonly group: GroupId;
  readonly key: RowKey;
  readonly at: number;
}

export interface TransfersDialog {
  readonly kind: "transfers";
  readonly at: number;
}

/** A question before something that cannot be undone, or that should be understood first. */
export interface ConfirmDialog {
  readonly kind: "confirm";
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
  readonly effects: readonly Effect[];
  /** The text that goes into the message box when the answer is no. */
  readonly instead?: string | undefined;
  /** The selected answer; dangerous questions begin with "no". */
  readonly at: "yes" | "no";
}
