import type { GroupId, Seq, UserId } from "../../core/wire/ids.ts";
import type { Settings } from "./settings.ts";

/** What the model wants done; what comes of it comes back as events. */
export type Effect =
  // Signing in.
  | { readonly kind: "open"; readonly profile: string; readonly password: string }
  | {
      readonly kind: "join" | "signUp";
      readonly server: string;
      readonly user: string;
      readonly password: string;
    }
  // Reading.
  | { readonly kind: "show"; readonly group: GroupId; readonly before: GroupId | undefined }
  | {
      readonly kind: "load";
      readonly group: GroupId;
      readonly where: "newest" | "older" | "newer" | "around";
      /** A message's key: the edge of the window, or the one to show. */
      readonly from?: number | undefined;
    }
  | { readonly kind: "fetchOlder"; readonly group: GroupId }
  | { readonly kind: "markRead"; readonly group: GroupId; readonly seq: Seq }
  | { readonly kind: "search"; readonly group: GroupId | undefined; readonly words: string }
  // Writing.
  | { readonly kind: "send"; readonly group: GroupId; readonly text: string }
  | { readonly kind: "retry" | "discard"; readonly group: GroupId; readonly key: number }
  | { readonly kind: "saveDraft"; readonly group: GroupId; readonly text: string }
  | { readonly kind: "typing"; readonly group: GroupId }
  | { readonly kind: "edit"; readonly text: string }
  // Groups.
  | {
      readonly kind: "createGroup";
      readonly title: string;
      readonly members: readonly string[];
      readonly history: boolean;
      readonly expireSeconds: number;
    }
  /** Each part that is there, in this order; those that were done stay done when a later one fails. */
  | {
      readonly kind: "amendGroup";
      readonly group: GroupId;
      readonly title?: string | undefined;
      readonly add?: readonly string[] | undefined;
      readonly remove?: readonly string[] | undefined;
      readonly promote?: readonly string[] | undefined;
      readonly demote?: readonly string[] | undefined;
    }
  | { readonly kind: "leaveGroup" | "deleteGroup"; readonly group: GroupId }
  // People.
  | { readonly kind: "readSafetyNumber"; readonly user: UserId }
  | { readonly kind: "verify" | "acceptIdentity"; readonly user: UserId }
  // Files.
  | { readonly kind: "listDirectory"; readonly directory: string }
  | { readonly kind: "previewFile"; readonly file: string; readonly columns: number; readonly rows: number }
  | { readonly kind: "sendFile"; readonly group: GroupId; readonly file: string; readonly keepMetadata: boolean }
  | { readonly kind: "previewMessage"; readonly group: GroupId; readonly key: number; readonly columns: number }
  | {
      readonly kind: "saveFile";
      readonly group: GroupId;
      readonly key: number;
      /** A path; undefined saves under the sender's name in the downloads directory. */
      readonly to: string | undefined;
      readonly replace: boolean;
    }
  | { readonly kind: "openFile"; readonly group: GroupId; readonly key: number }
  | { readonly kind: "cancelTransfer" | "resumeTransfer"; readonly id: string }
  // The terminal.
  | { readonly kind: "notify"; readonly title: string; readonly text: string }
  | { readonly kind: "redraw" }
  | { readonly kind: "suspend" }
  | { readonly kind: "saveSettings"; readonly settings: Settings }
  | { readonly kind: "quit" };
