import type { Command } from "commander";
import { type LocalAccount, type Pin, safetyNumberQr, spacedSafetyNumber } from "../core/client/index.ts";
import { Failure } from "../core/platform/failure.ts";
import { canonicalUserName } from "../core/wire/user-name.ts";
import { withAccount } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { addSettings, print, settingsOf } from "./program.ts";

export function addTrust(program: Command): void {
  const trust = program
    .command("trust")
    .description("Whom you have met, and whether you know that they are who they seem.");
  const add = (
    form: string,
    description: string,
    work: (account: LocalAccount, password: string, ...args: string[]) => Promise<void> | void,
    example: string,
  ) =>
    addSettings(
      trust.command(form).description(description).addHelpText("after", `\nExamples:\n  fastchat trust ${example}`),
      accountSettings,
    ).action(function action(this: Command) {
      const config = settingsOf(accountSettings, this.opts());
      return withAccount(config, async (account, password) => work(account, password, ...this.args));
    });
  add("list", "Everybody you have met.", list, "list");
  add("show <name>", "The safety number that you and somebody share, to compare with theirs.", show, "show bob");
  add(
    "verify <name> [number]",
    "Mark somebody as verified, once you have compared safety numbers; or type theirs.",
    verify,
    'verify bob "30035 44776 92869 39689 28698 76765 45825 75691 62576 84344 09180 79131"',
  );
  add("accept <name>", "Take the identity that somebody has now for theirs.", accept, "accept bob");
}

function list(account: LocalAccount): void {
  for (const pin of account.client.trust.list()) {
    if (pin.name !== account.profile.user) print(`${pin.name}\t${stateOf(pin)}`);
  }
}

async function show(account: LocalAccount, password: string, name = ""): Promise<void> {
  const pin = account.client.trust.pinOf(canonical(name)) ?? (await met(account, password, name));
  print(`${pin.name}: ${stateOf(pin)}`);
  const digits = account.safetyNumberWith(pin.identity);
  print(`\nThe safety number that ${account.profile.user} and ${pin.name} share:\n`);
  print(spacedSafetyNumber(digits).replace(/((?:\d{5} ){3}\d{5}) /g, "$1\n"));
  print(`\n${safetyNumberQr(digits)}`);
  if (pin.changed) {
    print(`\nWith the identity that the server shows now it would be:\n`);
    print(spacedSafetyNumber(account.safetyNumberWith(pin.changed.identity)));
  }
}

function verify(account: LocalAccount, _password: string, name = "", number?: string): void {
  const pin = known(account, name);
  if (number !== undefined && number.replace(/\s/g, "") !== account.safetyNumberWith(pin.identity)) {
    throw new Failure(
      "safety_number_differs",
      `this is not the safety number that you and ${pin.name} share`,
      "compare again; if it stays so, somebody stands between you",
    );
  }
  if (!account.client.trust.verify(pin.name)) throw undecided(pin.name);
  print(`${pin.name} is verified`);
}

function accept(account: LocalAccount, _password: string, name = ""): void {
  const pin = known(account, name);
  if (!account.client.trust.accept(pin.name)) {
    throw new Failure("nothing_to_accept", `${pin.name} has the identity that you know`, "nothing is to be done");
  }
  print(`${pin.name} has another identity now, not verified: compare safety numbers`);
}

function stateOf(pin: Pin): string {
  if (pin.changed) return "CHANGED: the server shows another identity; nothing is sent to them until you accept it";
  return pin.verified ? "verified" : "met, not verified";
}

function known(account: LocalAccount, name: string): Pin {
  const pin = account.client.trust.pinOf(canonical(name));
  if (pin) return pin;
  throw new Failure("not_met", `you have not met ${name}`, `fastchat trust show ${name} asks the server for them`);
}

async function met(account: LocalAccount, password: string, name: string): Promise<Pin> {
  await account.connect(password);
  const found = await account.client.meet([name]);
  if (!found.ok) throw new Failure(found.reason.code, found.reason.detail, "check the name");
  return known(account, name);
}

const undecided = (name: string) =>
  new Failure(
    "identity_changed",
    `the server shows another identity for ${name} than the one that you know`,
    `compare safety numbers, then fastchat trust accept ${name}`,
  );

function canonical(name: string): string {
  const parsed = canonicalUserName(name);
  if (!parsed.ok) throw new Failure("name_invalid", `"${name}" is no user name`, parsed.reason);
  return parsed.value;
}
