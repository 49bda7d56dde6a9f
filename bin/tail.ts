import type { Command } from "commander";
import { jsonLine, type LocalAccount, plainLine, type RowKey, type ShownMessage } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { withAccount } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { catchUp } from "./caught-up.ts";
import { currentHost } from "./command-host.ts";
import { groupNamed } from "./group-named.ts";
import { addSettings, print, settingsOf, untilAborted, wholeOrNone } from "./program.ts";

const defaultLines = 10;
/** Own messages without a seq come last in a group; one with a seq is before so many of them. */
const placedMax = 1000;

export function addTail(program: Command): void {
  addSettings(
    program
      .command("tail <group>")
      .description("The last messages of a group, and then those that come, a line each, until Ctrl-C.")
      .option("--json", "one JSON object a line")
      .option("--lines <n>", `how many to begin with, default ${defaultLines}`, wholeOrNone)
      .addHelpText(
        "after",
        `
Examples:
  fastchat tail climbing
  fastchat tail climbing --json --lines 100 | jq -r .text

GROUP is a title, what only this title begins with, or an id (fastchat groups).`,
      ),
    accountSettings,
  ).action((typed: string, { json, lines = defaultLines, ...options }) =>
    withAccount(
      settingsOf(accountSettings, options),
      async (account, password, signal) => {
        const write = (message: ShownMessage) => print((json === true ? jsonOf : lineOf)(account, message));
        const group = knownGroup(account, typed);
        const following = group === undefined ? undefined : follow(account, group, lines, write);
        await connected(account, password, signal);
        if (signal.aborted) return;
        const { ended } =
          following ?? follow(account, groupNamed(account.vault.view.groups(), typed).group, lines, write);
        await Promise.race([ended, closed(process.stdout), untilAborted(signal)]);
      },
      { stays: true },
    ),
  );
}

/** The group, if this machine knows it. */
function knownGroup({ vault }: LocalAccount, typed: string): GroupId | undefined {
  try {
    return groupNamed(vault.view.groups(), typed).group;
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "group_unknown") throw cause;
    return undefined;
  }
}

async function connected(account: LocalAccount, password: string, signal: AbortSignal): Promise<void> {
  try {
    await catchUp(account, password, signal);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "server_unreachable") throw cause;
    currentHost().err(`offline: ${cause.message}; goes on trying\n`);
  }
}

/** Writes the last messages, then each one that comes; `ended` resolves when no more can. */
function follow(
  { vault: { view } }: LocalAccount,
  group: GroupId,
  lines: number,
  write: (message: ShownMessage) => void,
): { readonly ended: Promise<void> } {
  // What was there already, and was not asked for, is not printed when it changes, either.
  const there = lines === 0 ? view.last(group, placedMax).findLast(({ seq }) => seq !== undefined) : undefined;
  let newest: number = there?.seq ?? 0;
  /** Own messages that were printed before they had a seq: they are not printed again when they get it. */
  const unplaced = new Set<RowKey>();
  const take = (message: ShownMessage) => {
    const { row, seq } = message;
    if (seq === undefined ? unplaced.has(row) : seq <= newest) return;
    if (seq === undefined) unplaced.add(row);
    else newest = seq;
    if (seq === undefined || !unplaced.delete(row)) write(message);
  };
  for (const message of view.last(group, lines)) take(message);
  const ended = new Promise<void>((resolve) => {
    view.subscribe((change) => {
      if (change.group !== group) return;
      const message = change.row === undefined ? undefined : view.message(change.row);
      if (message) take(message);
      else if (view.groups().some((shown) => shown.group === group && shown.leftAt !== undefined)) {
        currentHost().err("you are no longer in this group\n");
        resolve();
      }
    });
  });
  return { ended };
}

function lineOf({ client }: LocalAccount, message: ShownMessage): string {
  const { sender, at, state, why, content } = message;
  const time = new Date(at).toISOString().replace("T", " ").slice(0, 16);
  const name = plainLine(client.trust.nameOf(sender));
  if (!content) return `${time} ${name} (cannot be read: ${plainLine(why ?? "")})`;
  const text =
    content.kind === "text" ? content.text : `[${content.name}, ${content.size} bytes] ${content.text ?? ""}`;
  const unsent = state === "written" ? " (not sent yet)" : state === "failed" ? ` (not sent: ${why})` : "";
  return `${time} ${name}: ${plainLine(text).trimEnd()}${unsent}`;
}

function jsonOf({ client }: LocalAccount, message: ShownMessage): string {
  const { group, seq, sender, at, state, why, content } = message;
  const file =
    content?.kind === "file" ? { name: content.name, bytes: content.size, type: content.mediaType } : undefined;
  const name = client.trust.nameOf(sender);
  return jsonLine({ group, seq, at: new Date(at).toISOString(), sender, name, state, why, text: content?.text, file });
}

/** The reader of the output has closed it. */
const closed = (output: NodeJS.WriteStream) => new Promise<void>((resolve) => output.once("error", () => resolve()));
