import type { UserId } from "../../../core/wire/ids.ts";
import type { TrustDialog } from "../dialog.ts";
import type { ChatState } from "../state.ts";
import { openDialog, replaceDialog, type Step, step } from "../step.ts";
import type { Behaviour, Press } from "./behaviour.ts";
import { askBefore } from "./confirm.ts";

/** Shows the safety number with somebody; when their identity has changed, also the number of the new one. */
export function showTrust(state: ChatState, { user }: { readonly user: UserId }): Step<ChatState> {
  const dialog = { kind: "trust", user, number: undefined, show: "digits" } as const;
  return step(openDialog(state, dialog), { kind: "readSafetyNumber", user });
}

export const trust: Behaviour<TrustDialog> = { pressed };

function pressed(state: ChatState, dialog: TrustDialog, { action }: Press): Step<ChatState> {
  const { number, user } = dialog;
  if (action === "nextField") {
    return step(replaceDialog(state, { ...dialog, show: dialog.show === "qr" ? "digits" : "qr" }));
  }
  if (action !== "choose" || !number || user === state.scene.self.user) return step(state);
  if (number.trusted === "changed") {
    return step(
      askBefore(state, {
        title: `Accept the new identity of ${number.name}?`,
        text: `Only if ${number.name} says, face to face or on the telephone, that they have new keys. Otherwise somebody else may read what you write to them.`,
        yes: "Accept",
        no: "Do not accept",
        effects: [{ kind: "acceptIdentity", user }],
      }),
    );
  }
  return number.trusted === "verified" ? step(state) : step(state, { kind: "verify", user });
}
