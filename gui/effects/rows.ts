import type { LocalAccount, Pin, ShownGroup, ShownMessage } from "../../core/client/index.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { GroupFacts, GroupRow, MessageRow, PersonRow, Trusted } from "../model/shown.ts";

/** Rows for the model, made of what the vault and the client have. */

export function groupRow({ last, leftAt, group, title, unread, mentions, readSeq, draft }: ShownGroup): GroupRow {
  return { group, title, unread, mentions, readSeq, draft, lastAt: last?.at ?? 0, left: leftAt !== undefined };
}

export const groupRows = ({ vault }: LocalAccount): GroupRow[] => vault.view.groups().map(groupRow);

export function messageRow({
  row,
  seq,
  sender,
  clientMessageId,
  epoch,
  at,
  state,
  why,
  content,
}: ShownMessage): MessageRow {
  return { key: row, seq, sender, id: clientMessageId, epoch: epoch ?? 0, at, state, why, content };
}

export function trustedAs({ changed, verified }: Pin): Trusted {
  if (changed) return "changed";
  return verified ? "verified" : "pinned";
}

export function personRows({ client }: LocalAccount): PersonRow[] {
  return client.trust.list().map((pin) => ({ user: pin.user, name: pin.name, trusted: trustedAs(pin) }));
}

/** Undefined while the group's log has not been read. */
export function groupFacts(account: LocalAccount, group: GroupId): GroupFacts | undefined {
  const conversation = account.client.conversation(group);
  const { membership } = conversation;
  if (!membership) return undefined;
  const members = [...membership.members].map(([user, { admin }]) => ({
    user,
    name: account.client.trust.nameOf(user),
    admin,
  }));
  return {
    title: conversation.title,
    members: members.sort((a, b) => Number(b.admin) - Number(a.admin) || a.name.localeCompare(b.name)),
    epoch: membership.epoch,
    suite: membership.settings.suite,
    expireSeconds: membership.settings.expireSeconds,
    changes: conversation.changes.map(({ actor, at, ...change }) => ({ ...change, by: actor, at: at ?? 0 })),
  };
}
