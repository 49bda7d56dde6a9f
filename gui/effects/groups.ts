import { titleRefusal } from "../../core/client/index.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { EffectOf } from "../model/effect.ts";
import type { OpenAccount } from "./open-account.ts";
import { refusalSentence } from "./refusal-sentence.ts";

export async function createGroup(opened: OpenAccount, wanted: EffectOf<"createGroup">): Promise<void> {
  const { account, emit, feed } = opened;
  const { title, members, history, expireSeconds } = wanted;
  const complaint = titleComplaint(title);
  if (complaint !== undefined) return emit({ kind: "failed", of: "group", text: complaint });
  const others = members.filter((name) => name !== account.profile.user);
  const made = await account.client.createGroup({ title: title.trim(), members: others, history, expireSeconds });
  if (!made.ok) return emit({ kind: "failed", of: "group", text: refusalSentence(made.reason) });
  feed.ask();
  emit({ kind: "groupDone", group: made.value.group });
}

/** Makes one change after the other; those that were made stay when a later one fails. */
export async function amendGroup(opened: OpenAccount, wanted: EffectOf<"amendGroup">): Promise<void> {
  const { account, emit } = opened;
  const { group, title, add, remove, promote, demote } = wanted;
  const complaint = title === undefined ? undefined : titleComplaint(title);
  if (complaint !== undefined) return emit({ kind: "failed", of: "group", text: complaint });
  const done: string[] = [];
  const steps = [
    ...(title === undefined ? [] : [{ what: "renamed", change: { action: "rename", title: title.trim() } as const }]),
    ...named("admit", "added", add),
    ...named("remove", "removed", remove),
    ...named("promote", "promoted", promote),
    ...named("demote", "demoted", demote),
  ];
  for (const { what, change } of steps) {
    const outcome = await account.client.changeGroup(group, change);
    if (!outcome.ok) {
      const before = done.length === 0 ? "" : ` Before that it was done: ${done.join(", ")}.`;
      return emit({ kind: "failed", of: "group", text: `${refusalSentence(outcome.reason)}${before}` });
    }
    done.push(what);
  }
  emit({ kind: "groupDone", group });
}

export async function leaveGroup({ account, emit }: OpenAccount, group: GroupId): Promise<void> {
  const outcome = await account.client.changeGroup(group, { action: "leave" });
  if (!outcome.ok) emit({ kind: "failed", of: "other", text: refusalSentence(outcome.reason) });
}

export async function deleteGroup({ account, emit }: OpenAccount, group: GroupId): Promise<void> {
  const outcome = await account.client.deleteGroup(group);
  if (!outcome.ok) emit({ kind: "failed", of: "other", text: refusalSentence(outcome.reason) });
  else emit({ kind: "news", text: "The group is closed: nobody is in it any more." });
}

function named(action: "admit" | "remove" | "promote" | "demote", done: string, names: readonly string[] = []) {
  return names.length === 0 ? [] : [{ what: `${done} ${names.join(" and ")}`, change: { action, names } }];
}

function titleComplaint(title: string): string | undefined {
  if (title.trim() === "") return "A group needs a name.";
  const tooLong = titleRefusal(title);
  if (tooLong) return refusalSentence(tooLong);
  return undefined;
}
