import type { Command } from "commander";
import {
  type AccountAddress,
  type LocalAccount,
  logInHere,
  openAccount,
  signUpHere,
  type ThisMachine,
  trustDeployment,
} from "../core/client/index.ts";
import { type AccountConfig, accountSettings, type NewAccountConfig, newAccountSettings } from "./account-settings.ts";
import { commandMachine } from "./command-machine.ts";
import { addSettings, print, run, settingsOf, UsageError } from "./program.ts";
import { readNewSecret, readSecret } from "./secrets.ts";

export function addAccount(program: Command): void {
  const account = program
    .command("account")
    .description("Accounts of this machine: sign up, log in, another password.");
  addSettings(
    account
      .command("sign-up")
      .description("Make a new account, and keep it at this machine.")
      .addHelpText("after", "\nExamples:\n  fastchat account sign-up --user alice --server chat.example:7400"),
    newAccountSettings,
  ).action((options) =>
    bringHere(options, {
      readPassword: (user, file) => readNewSecret(`new password of ${user}`, file),
      bring: signUpHere,
      done: ({ user, server, profile }) => `${user} is signed up at ${server}; profile ${profile}`,
    }),
  );
  addSettings(
    account
      .command("log-in")
      .description("Bring an account that you have to this machine.")
      .addHelpText(
        "after",
        "\nExamples:\n  fastchat account log-in --user alice --server https://chat.example:7400 --tls-pin 9f86d0…",
      ),
    newAccountSettings,
  ).action((options) =>
    bringHere(options, {
      readPassword: (user, file) => readSecret(`password of ${user}`, file),
      bring: logInHere,
      done: ({ user, profile }) => `${user} is at home here; profile ${profile}`,
    }),
  );
  addSettings(
    account
      .command("password")
      .description("Change an account's password; other machines have to log in with the new one.")
      .option("--new-password-file <file>", "whose first line is the new password")
      .addHelpText("after", "\nExamples:\n  fastchat account password --profile alice"),
    accountSettings,
  ).action(({ newPasswordFile, ...options }) =>
    withAccount(settingsOf(accountSettings, options), async (opened, password) => {
      await opened.changePassword(password, await readNewSecret("new password", newPasswordFile));
      print(`${opened.profile.user} has a new password`);
    }),
  );
  addSettings(
    account
      .command("list")
      .description("The accounts that this machine knows.")
      .addHelpText("after", "\nExamples:\n  fastchat account list"),
    accountSettings,
  ).action((options) =>
    run(async () => {
      const { profiles } = commandMachine(settingsOf(accountSettings, options).home).parts;
      for (const name of profiles.list()) {
        const profile = profiles.read(name);
        if (profile) print(`${name}\t${profile.user}\t${profile.server}`);
      }
      return 0;
    }),
  );
}

/** Adds an account to this machine: a new one, or one that the server knows. */
function bringHere(
  options: Record<string, unknown>,
  {
    readPassword,
    bring,
    done,
  }: {
    readonly readPassword: (user: string, file: string | undefined) => Promise<string>;
    readonly bring: typeof logInHere;
    readonly done: (address: AccountAddress) => string;
  },
): Promise<void> {
  return run(async () => {
    const config = settingsOf(newAccountSettings, options);
    const machine = commandMachine(config.home);
    const address = await addressOf(config);
    const password = await readPassword(address.user, config.passwordFile);
    return withMachine(machine, async () => {
      const account = await bring(address, password, machine.parts, {});
      await account.close();
      print(done(address));
    });
  });
}

/**
 * Opens the account that is meant, works with it, and closes it. The signal is aborted when the user wants an end. A command
 * that stays online for as long as the user wants says so: the servers take turns with those.
 */
export function withAccount(
  config: AccountConfig,
  work: (account: LocalAccount, password: string, signal: AbortSignal) => Promise<void>,
  { stays = false } = {},
): Promise<void> {
  return run(async (signal) => {
    const machine = commandMachine(config.home);
    const profile = machine.choose(config.profile);
    const password = await readSecret(`password of ${profile}`, config.passwordFile);
    return withMachine(machine, async () => {
      const account = await openAccount(profile, password, { ...machine.parts, isVisit: !stays }, {});
      try {
        await work(account, password, signal);
      } finally {
        await account.close();
      }
    });
  });
}

export async function withMachine(machine: ThisMachine, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } finally {
    await machine.close();
  }
}

/** Whose account is meant, and whether the server is who it should be. */
export async function addressOf({ server, user, tlsPin, profile }: NewAccountConfig): Promise<AccountAddress> {
  if (user === undefined) throw new UsageError("--user is missing: the name of the account");
  return { server, user, profile: profile ?? user, trust: await trustDeployment(server, tlsPin) };
}
