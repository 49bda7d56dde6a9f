import type { RowKey } from "../../core/client/index.ts";
import type { GroupId, Seq, UserId } from "../../core/wire/ids.ts";
import type { Settings } from "./settings.ts";

/** Effects that need no open account: signing in, the terminal, this machine's files. */
export interface MachineEffects {
  // Signing in.
  readonly openAccount: { readonly profile: string; readonly password: string };
  readonly logIn: Credentials;
  readonly signUp: Credentials;
  // The terminal.
  readonly edit: { readonly text: string };
  readonly notify: { readonly title: string; readonly text: string };
  readonly redraw: NoFields;
  readonly suspend: NoFields;
  readonly quit: NoFields;
  // Files of this machine.
  readonly listDirectory: { readonly directory: string };
  readonly previewFile: { readonly file: string; readonly columns: number; readonly rows: number };
}

/** Effects on the account that is open. */
export interface AccountEffects {
  // Reading.
  readonly show: { readonly group: GroupId; readonly before: GroupId | undefined };
  readonly load: {
    readonly group: GroupId;
    readonly where: "newest" | "older" | "newer" | "around";
    /** A message's key: the edge of the window, or the one to show. */
    readonly from?: RowKey | undefined;
  };
  readonly fetchOlder: { readonly group: GroupId };
  readonly markRead: { readonly group: GroupId; readonly seq: Seq };
  readonly search: { readonly group: GroupId | undefined; readonly words: string };
  // Writing.
  readonly send: { readonly group: GroupId; readonly text: string };
  readonly retry: { readonly group: GroupId; readonly key: RowKey };
  readonly discard: { readonly group: GroupId; readonly key: RowKey };
  readonly saveDraft: { readonly group: GroupId; readonly text: string };
  readonly typing: { readonly group: GroupId };
  // Groups.
  readonly createGroup: {
    readonly title: string;
    readonly members: readonly string[];
    readonly history: boolean;
    readonly expireSeconds: number;
  };
  /** The changes that are given, in this order; those that were made stay when a later one fails. */
  readonly amendGroup: {
    readonly group: GroupId;
    readonly title?: string | undefined;
    readonly add?: readonly string[] | undefined;
    readonly remove?: readonly string[] | undefined;
    readonly promote?: readonly string[] | undefined;
    readonly demote?: readonly string[] | undefined;
  };
  readonly leaveGroup: { readonly group: GroupId };
  readonly deleteGroup: { readonly group: GroupId };
  // People.
  readonly readSafetyNumber: { readonly user: UserId };
  readonly verify: { readonly user: UserId };
  readonly acceptIdentity: { readonly user: UserId };
  // Files.
  readonly sendFile: { readonly group: GroupId; readonly file: string; readonly keepMetadata: boolean };
  readonly previewMessage: { readonly group: GroupId; readonly key: RowKey; readonly columns: number };
  readonly saveFile: {
    readonly group: GroupId;
    readonly key: RowKey;
    /** A path; undefined saves under the sender's name in the downloads directory. */
    readonly to: string | undefined;
    readonly replace: boolean;
  };
  readonly openFile: { readonly group: GroupId; readonly key: RowKey };
  readonly cancelTransfer: { readonly id: string };
  readonly resumeTransfer: { readonly id: string };
  // Settings.
  readonly saveSettings: { readonly settings: Settings };
}

interface Credentials {
  readonly server: string;
  readonly user: string;
  readonly password: string;
}

/** An effect that says all with its kind. */
type NoFields = unknown;

interface Effects extends MachineEffects, AccountEffects {}

export type EffectKind = keyof Effects;

export type EffectOf<K extends EffectKind> = { [P in K]: Effects[P] & { readonly kind: P } }[K];

/** What the model wants done; the results come back as events. */
export type Effect = EffectOf<EffectKind>;
