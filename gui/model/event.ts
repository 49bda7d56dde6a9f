import type { RowKey } from "../../core/client/index.ts";
import type { GroupId, Seq, UserId } from "../../core/wire/ids.ts";
import type { Settings } from "./settings.ts";
import type {
  FileEntry,
  GroupFacts,
  GroupRow,
  MessageRow,
  PersonRow,
  Preview,
  SafetyNumber,
  SearchHit,
  TransferRow,
} from "./shown.ts";
import type { Connection, Size } from "./state.ts";

/** Everything that happens to the client. */
export type Event = UserEvent | SignInEvent | AccountEvent;

/** What the user does, and what happens at the terminal. */
type UserEvent =
  /** `text` is what it types, if it types anything. */
  | { readonly kind: "key"; readonly name: string; readonly text?: string | undefined }
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "click"; readonly on: Region; readonly row: number; readonly column: number }
  | { readonly kind: "wheel"; readonly on: Region; readonly up: boolean }
  | { readonly kind: "resized"; readonly size: Size }
  | { readonly kind: "focused"; readonly focused: boolean }
  | { readonly kind: "tick"; readonly nowMs: number }
  /** The user's editor has ended; undefined when it failed. */
  | { readonly kind: "edited"; readonly text: string | undefined };

type SignInEvent =
  | { readonly kind: "doing"; readonly doing: string }
  | { readonly kind: "signInFailed"; readonly text: string; readonly advice: string }
  | {
      readonly kind: "accountOpened";
      readonly self: {
        readonly user: UserId;
        readonly name: string;
        readonly profile: string;
        readonly server: string;
      };
      readonly groups: readonly GroupRow[];
      readonly people: readonly PersonRow[];
      readonly settings: Settings;
    };

/** What happens to the account that is open, and what comes of effects on it. */
export type AccountEvent =
  | { readonly kind: "connection"; readonly connection: Partial<Connection> }
  | { readonly kind: "groups"; readonly groups: readonly GroupRow[] }
  | { readonly kind: "people"; readonly people: readonly PersonRow[] }
  /** Messages from the vault: the newest, those before or behind the window, or those around one of them. */
  | {
      readonly kind: "page";
      readonly group: GroupId;
      readonly where: "newest" | "older" | "newer" | "around";
      readonly around?: RowKey | undefined;
      readonly messages: readonly MessageRow[];
      /** Whether the vault has more on that side; around one, on either. */
      readonly moreOlder: boolean;
      readonly moreNewer: boolean;
    }
  /** `count` messages older than the vault's oldest were fetched from the server; it may have `more`. */
  | {
      readonly kind: "fetched";
      readonly group: GroupId;
      readonly count: number;
      readonly more: boolean;
      readonly problem?: string;
    }
  /** The vault has kept a message, or a message has changed. */
  | { readonly kind: "message"; readonly group: GroupId; readonly message: MessageRow }
  | { readonly kind: "discarded"; readonly group: GroupId; readonly key: RowKey }
  | { readonly kind: "facts"; readonly group: GroupId; readonly facts: GroupFacts }
  | { readonly kind: "left"; readonly group: GroupId }
  | { readonly kind: "presence"; readonly group: GroupId; readonly online: ReadonlySet<UserId> }
  | { readonly kind: "readUpTo"; readonly group: GroupId; readonly readUpTo: ReadonlyMap<UserId, Seq> }
  | { readonly kind: "typing"; readonly group: GroupId; readonly user: UserId }
  | { readonly kind: "identityChanged"; readonly user: UserId; readonly name: string }
  | { readonly kind: "safetyNumber"; readonly number: SafetyNumber }
  | {
      readonly kind: "hits";
      readonly group: GroupId | undefined;
      readonly words: string;
      readonly hits: readonly SearchHit[];
    }
  | {
      readonly kind: "directory";
      /** The directory as the effect named it. */
      readonly asked: string;
      readonly directory: string;
      readonly entries: readonly FileEntry[];
      readonly problem?: string;
    }
  | { readonly kind: "filePreview"; readonly file: string; readonly lines: readonly string[]; readonly why: string }
  | { readonly kind: "preview"; readonly key: RowKey; readonly preview: Preview }
  | { readonly kind: "transfer"; readonly transfer: TransferRow }
  | { readonly kind: "transferDone"; readonly id: string; readonly text: string }
  /** The file that was to be saved exists already. */
  | { readonly kind: "fileExists"; readonly group: GroupId; readonly key: RowKey; readonly file: string }
  /** A group was founded or amended. */
  | { readonly kind: "groupDone"; readonly group: GroupId }
  /** An effect has failed. A failure of a `group` is shown in the form of the group, if that is open. */
  | { readonly kind: "failed"; readonly of: "group" | "other"; readonly text: string }
  /** One sentence about what others have done, or about what was done for the user. */
  | { readonly kind: "news"; readonly text: string };

/** What lies under the mouse. */
export type Region = "groups" | "conversation" | "input" | "dialog" | "status" | "signIn";
