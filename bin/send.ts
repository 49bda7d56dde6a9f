import { buffer } from "node:stream/consumers";
import type { Command } from "commander";
import { type LocalAccount, plainLine, type SendOutcome, textRefusal } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";
import type { GroupId } from "../core/wire/ids.ts";
import { withAccount } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { catchUp, catchUpIfPossible } from "./caught-up.ts";
import { currentHost } from "./command-host.ts";
import { groupNamed } from "./group-named.ts";
import { addSettings, print, settingsOf, UsageError, untilAborted } from "./program.ts";

interface SendOptions {
  readonly file?: string;
  readonly keepMetadata?: boolean;
  readonly queue?: boolean;
}

export function addSend(program: Command): void {
  addSettings(
    program
      .command("send <group> [text]")
      .description("Send a text or a file to a group, and wait until the server has it for good.")
      .option("--file <path>", "send this file; the text is said with it")
      .option("--keep-metadata", "leave in an image what tells where, when and with what it was taken")
      .option("--queue", "without a server now, keep the text: it goes out with the next command or chat that connects")
      .addHelpText(
        "after",
        `
Examples:
  fastchat send climbing "on my way"
  uptime | fastchat send climbing - --profile alice --password-file ~/.alice
  fastchat send climbing "the route" --file map.png

GROUP is a title, what only this title begins with, or an id (fastchat groups). The text - is read from standard input.`,
      ),
    accountSettings,
  ).action((typed: string, text: string | undefined, { file, keepMetadata, queue, ...options }) => {
    if (text === undefined && file === undefined) throw new UsageError("write a text, - for standard input, or --file");
    if (queue === true && file !== undefined) throw new UsageError("--queue keeps texts; a file needs the server");
    if (text === "-" && options.passwordFile === undefined && process.env.FASTCHAT_PASSWORD_FILE === undefined) {
      throw new UsageError("the text comes from standard input, so the password cannot: give --password-file");
    }
    return withAccount(settingsOf(accountSettings, options), async (account, password, signal) => {
      const said = text === "-" ? await read(process.stdin) : text;
      if (said === "") throw new Failure("nothing_to_send", "the text is empty", "write something");
      const tooLong = said === undefined ? undefined : textRefusal(said);
      if (tooLong) throw new Failure(tooLong.code, tooLong.detail, "send it in parts, or as a file");
      if (queue === true) await catchUpIfPossible(account, password, signal);
      else await catchUpOrKeepNothing(account, password, signal, file);
      if (signal.aborted) throw new Failure("interrupted", "nothing was sent", "try again");
      const { group, title = String(group) } = groupNamed(account.vault.view.groups(), typed);
      const of: SendOptions = { file, keepMetadata, queue };
      const line = await sent(account, group, said, of, signal);
      print(line.replace("{group}", () => plainLine(title)));
    });
  });
}

/** As {@link catchUp}; without a server it fails, and says how to keep the text for later. */
async function catchUpOrKeepNothing(
  account: LocalAccount,
  password: string,
  signal: AbortSignal,
  file: string | undefined,
): Promise<void> {
  try {
    await catchUp(account, password, signal);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "server_unreachable") throw cause;
    const kept =
      file === undefined
        ? "the text is not kept: send it again, or with --queue, which keeps it until there is a server"
        : "nothing is kept: send the file again when there is a server";
    throw new Failure(cause.code, cause.message, `${cause.advice}; ${kept}`, cause);
  }
}

/** Sends the text; returns what the command prints. */
async function sent(
  account: LocalAccount,
  group: GroupId,
  text: string | undefined,
  { file, keepMetadata = false, queue = false }: SendOptions,
  signal: AbortSignal,
): Promise<string> {
  if (file !== undefined) {
    const about = { keepMetadata, signal, ...(text === undefined ? {} : { text }) };
    const taken = await account.files.send(group, file, about);
    if (!taken.ok) throw refusal(taken.reason);
    return acknowledged(taken.value);
  }
  if (text === undefined) throw new Error("neither a text nor a file is sent");
  const outcome = new Promise<SendOutcome>((resolve, reject) => {
    const taken = account.client.send(group, { kind: "text", text }, resolve);
    if (!taken.ok) reject(refusal(taken.reason));
  });
  if (queue && account.client.mailbox.state !== "online") return "waits for {group} until there is a server";
  return acknowledged(await Promise.race([outcome, interrupted(signal)]));
}

function acknowledged(outcome: SendOutcome): string {
  if (!outcome.ok) throw refusal(outcome);
  return `sent to {group}, message ${outcome.seq}`;
}

async function interrupted(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  currentHost().err("the server has not acknowledged it yet: it goes out when this account connects again\n");
  throw new Failure("interrupted", "it was not waited for", "nothing is lost");
}

function refusal({ code, detail }: { readonly code: string; readonly detail: string }): Failure {
  const advice = code === "identity_changed" ? "fastchat trust list shows who it is" : "the group has not got it";
  return new Failure(code, detail, advice);
}

async function read(input: NodeJS.ReadStream): Promise<string> {
  return (await buffer(input)).toString().replace(/\r?\n$/, "");
}
