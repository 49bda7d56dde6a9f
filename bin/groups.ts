import type { Command } from "commander";
import { jsonLine, type LocalAccount, plainLine, type ShownGroup } from "../core/client/index.ts";
import { withAccount } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { catchUpIfPossible } from "./caught-up.ts";
import { addSettings, print, settingsOf } from "./program.ts";

export function addGroups(program: Command): void {
  addSettings(
    program
      .command("groups")
      .description("Your groups: title, id, members, unread messages; where something was said last first.")
      .option("--json", "one JSON object a line")
      .addHelpText(
        "after",
        `
Examples:
  fastchat groups
  fastchat groups --profile alice --password-file ~/.alice --json | jq 'select(.unread > 0).title'

Without a server it tells what this machine knows, and says so.`,
      ),
    accountSettings,
  ).action(({ json, ...options }) =>
    withAccount(settingsOf(accountSettings, options), async (account, password, signal) => {
      await catchUpIfPossible(account, password, signal);
      if (signal.aborted) return;
      for (const group of account.vault.view.groups()) {
        if (group.leftAt === undefined) print(json === true ? jsonOf(account, group) : lineOf(account, group));
      }
    }),
  );
}

function lineOf(account: LocalAccount, { group, title, unread }: ShownGroup): string {
  const members = membersOf(account, group).map(plainLine).join(", ");
  return [title === undefined ? "(no title)" : plainLine(title), group, members, `${unread} unread`].join("\t");
}

function jsonOf(account: LocalAccount, { group, title, unread, mentions, last }: ShownGroup): string {
  const lastAt = last && new Date(last.at).toISOString();
  return jsonLine({ group, title, members: membersOf(account, group), unread, mentions, lastAt });
}

function membersOf({ client }: LocalAccount, group: ShownGroup["group"]): string[] {
  const members = [...(client.conversation(group).membership?.members.keys() ?? [])];
  return members.map((user) => client.trust.nameOf(user));
}
