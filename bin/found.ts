import type { Command } from "commander";
import { plainLine } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";
import { withAccount } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { catchUp } from "./caught-up.ts";
import { addSettings, print, settingsOf, whole } from "./program.ts";

export function addFound(program: Command): void {
  addSettings(
    program
      .command("found <title> [names...]")
      .description("Found a group with these people, as its admin.")
      .option("--history", "who comes later can read what was said before")
      .option("--expire <seconds>", "messages are deleted so long after they were sent", whole)
      .addHelpText(
        "after",
        `
Examples:
  fastchat found climbing bob carol
  fastchat found "this week" bob --expire 604800

Prints the group's id, by which fastchat send and tail find it, too.`,
      ),
    accountSettings,
  ).action((title: string, names: string[], { history = false, expire = 0, ...options }) =>
    withAccount(settingsOf(accountSettings, options), async (account, password, signal) => {
      await catchUp(account, password, signal);
      if (signal.aborted) throw new Failure("interrupted", "no group was founded", "try again");
      const members = names.filter((name) => name !== account.name);
      const made = await account.client.createGroup({ title, members, history, expireSeconds: expire });
      if (!made.ok) throw new Failure(made.reason.code, made.reason.detail, "try again, or with other names");
      print(`founded ${plainLine(title)}, group ${made.value.group}`);
    }),
  );
}
