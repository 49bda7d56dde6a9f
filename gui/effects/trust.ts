import { type Pin, safetyNumberQr, spacedSafetyNumber } from "../../core/client/index.ts";
import type { UserId } from "../../core/wire/ids.ts";
import type { OpenAccount } from "./open-account.ts";
import { trustedAs } from "./rows.ts";

export function readSafetyNumber(opened: OpenAccount, user: UserId): void {
  const pin = pinOf(opened, user);
  if (!pin) return;
  const { account, emit } = opened;
  const digits = account.safetyNumberWith(pin.identity);
  const changed = pin.changed && account.safetyNumberWith(pin.changed.identity);
  emit({
    kind: "safetyNumber",
    number: {
      user: pin.user,
      name: pin.name,
      trusted: trustedAs(pin),
      digits: blocks(digits),
      qr: safetyNumberQr(digits).split("\n"),
      ...(changed === undefined ? {} : { changedDigits: blocks(changed) }),
    },
  });
}

/** The user has compared safety numbers with this person: marks their identity as verified. */
export function verify(opened: OpenAccount, user: UserId): void {
  const pin = pinOf(opened, user);
  if (!pin) return;
  const { client } = opened.account;
  if (client.trust.verify(pin.name)) return changed(opened, client.trust.pinOf(pin.name)?.user ?? user);
  const text = `${pin.name}'s identity has changed: accept the new one first, then compare.`;
  opened.emit({ kind: "failed", of: "other", text });
}

/** The user accepts the identity that the server shows now as the person's. */
export function acceptIdentity(opened: OpenAccount, user: UserId): void {
  const pin = pinOf(opened, user);
  if (!pin) return;
  const { client } = opened.account;
  if (client.trust.accept(pin.name)) return changed(opened, client.trust.pinOf(pin.name)?.user ?? user);
  opened.emit({ kind: "failed", of: "other", text: `${pin.name} has the identity that you know.` });
}

function changed(opened: OpenAccount, user: UserId): void {
  opened.feed.ask();
  readSafetyNumber(opened, user);
}

/** The pin of this user, also when they come back as another user under a known name. */
function pinOf({ account, emit }: OpenAccount, user: UserId): Pin | undefined {
  const pins = account.client.trust.list();
  const pin = pins.find((of) => of.user === user) ?? pins.find(({ changed: other }) => other?.user === user);
  if (user === account.client.user) emit({ kind: "failed", of: "other", text: "This is you." });
  else if (pin) return pin;
  else emit({ kind: "failed", of: "other", text: "You have not met them yet: nothing of theirs has come." });
  return undefined;
}

const blocks = (digits: string) => spacedSafetyNumber(digits).split(" ");
