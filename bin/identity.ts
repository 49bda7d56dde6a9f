import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import {
  type Identity,
  identityFromText,
  identityToText,
  logInWithIdentity,
  signUpHere,
} from "../core/client/index.ts";
import { Failure, messageOf } from "../core/platform/failure.ts";
import { addressOf, withAccount, withMachine } from "./account.ts";
import { accountSettings, newAccountSettings } from "./account-settings.ts";
import { commandMachine } from "./command-machine.ts";
import { addSettings, print, run, settingsOf } from "./program.ts";
import { readNewSecret, readSecret } from "./secrets.ts";

const passphraseOption = [
  "--passphrase-file <file>",
  "whose first line is the passphrase of the exported keys",
] as const;

export function addIdentity(program: Command): void {
  const identity = program
    .command("identity")
    .description("Take an account's keys from one machine to another by hand.");
  addSettings(
    identity
      .command("export <file>")
      .description("Write the keys to a new file, encrypted with a passphrase (PKCS #8; OpenSSL reads it).")
      .option(...passphraseOption)
      .addHelpText("after", "\nExamples:\n  fastchat identity export alice.pem"),
    accountSettings,
  ).action((file, { passphraseFile, ...options }) =>
    withAccount(settingsOf(accountSettings, options), async (account) => {
      const passphrase = await readNewSecret("passphrase of the file", passphraseFile);
      try {
        writeFileSync(file, await identityToText(account.identity, passphrase), { mode: 0o600, flag: "wx" });
      } catch (cause) {
        throw new Failure(
          "file_unwritable",
          `${file}: ${messageOf(cause)}`,
          "name a new file that you may write",
          cause,
        );
      }
      print(`the identity of ${account.profile.user} is in ${file}`);
    }),
  );
  addSettings(
    identity
      .command("import <file>")
      .description(
        "Log in with keys from a file, where the server's backup of them is missing or broken; or sign up with them.",
      )
      .option(...passphraseOption)
      .option("--sign-up", "make a new account of this identity, at another server")
      .addHelpText(
        "after",
        "\nExamples:\n  fastchat identity import alice.pem --user alice --server chat.example:7400",
      ),
    newAccountSettings,
  ).action((file, { passphraseFile, signUp, ...options }) =>
    run(async () => {
      const config = settingsOf(newAccountSettings, options);
      const known = await read(file, await readSecret("passphrase of the file", passphraseFile));
      const address = await addressOf({ ...config, user: config.user ?? known.public.name });
      const readPassword = signUp ? readNewSecret : readSecret;
      const password = await readPassword(`password of ${address.user}`, config.passwordFile);
      const machine = commandMachine(config.home);
      return withMachine(machine, async () => {
        const account = signUp
          ? await signUpHere(address, password, machine.parts, {}, known)
          : await logInWithIdentity(address, password, known, machine.parts, {});
        await account.close();
        print(`${address.user} is at home here; profile ${address.profile}`);
      });
    }),
  );
}

async function read(file: string, passphrase: string): Promise<Identity> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Failure("file_unreadable", `${file}: ${messageOf(cause)}`, "name the file that was exported", cause);
  }
  const identity = await identityFromText(text, passphrase);
  if (identity.ok) return identity.value;
  throw new Failure("identity_unreadable", `${file}: ${identity.reason}`, "check the passphrase and the file");
}
