import path from "node:path";
import {
  type AccountAddress,
  type ClientEvents,
  generateIdentity,
  type LocalAccount,
  type LocalAccountParts,
  logInHere,
  openAccount,
  signUpHere,
  trustDeployment,
} from "../../core/client/index.ts";
import { Failure } from "../../core/platform/failure.ts";
import { canonicalUserName } from "../../core/wire/user-name.ts";
import type { EffectOf } from "../model/effect.ts";
import { ended, sentence } from "../text/sentence.ts";
import type { Emit } from "./emit.ts";
import { failureSentence } from "./refusal-sentence.ts";

/** Advice for somebody at this screen, where it differs from the advice for somebody at the command line. */
const advices: Readonly<Record<string, string>> = {
  certificate_unknown:
    "If that is the fingerprint that the server printed at its start, write it behind the address, after a space.",
  certificate_changed:
    "Compare it with what the server printed at its start; if that is another, somebody may be listening in.",
  pin_without_tls: "Write https:// before the address, or leave the fingerprint out.",
  profile_exists: "Choose that profile instead.",
  profile_unknown: "Log in, or sign up.",
  vault_in_use: "Close the other FastChat of this account first.",
};

export type SignInEffect = EffectOf<"openAccount" | "logIn" | "signUp">;

/** Opens the account that somebody signs in to; undefined when that failed, after `signInFailed` was emitted. */
export async function signIn(
  effect: SignInEffect,
  { machine, events, emit }: { machine: LocalAccountParts; events: ClientEvents; emit: Emit },
): Promise<LocalAccount | undefined> {
  const doing = (what: string) => emit({ kind: "doing", doing: what });
  try {
    if (effect.kind === "openAccount") {
      doing("opening the vault");
      return await openAccount(effect.profile, effect.password, machine, events);
    }
    const { user, password } = effect;
    // Checked first: the steps below take time.
    const name = canonicalUserName(user);
    if (!name.ok) throw new Failure("name_invalid", `"${user}" is no user name`, sentence(name.reason));
    doing("looking at the server's certificate");
    const address = await addressOf(effect);
    if (machine.profiles.read(address.profile)) {
      throw new Failure("profile_exists", `this machine has a profile ${address.profile} already`, "choose that one");
    }
    if (effect.kind === "logIn") {
      doing("logging in");
      return await logInHere(address, password, machine, events);
    }
    doing("making your keys");
    const identity = await generateIdentity(name.value, machine);
    doing("signing up");
    return await signUpHere(address, password, machine, events, identity);
  } catch (cause) {
    if (!(cause instanceof Failure)) {
      emit({ kind: "signInFailed", text: failureSentence(cause), advice: "Try again; if it stays, report it." });
      return undefined;
    }
    const advice = advices[cause.code] ?? sentence(cause.advice);
    const text = cause.code === "name_taken" ? ended(cause.message) : sentence(cause.message);
    emit({ kind: "signInFailed", text, advice });
    return undefined;
  }
}

/** The address as it was typed: host and port, and perhaps the fingerprint of the server's own authority behind a space. */
async function addressOf({ server, user }: { server: string; user: string }): Promise<AccountAddress> {
  const [address = "", ...pin] = server.trim().split(/\s+/);
  const trust = await trustDeployment(address, pin.length === 0 ? undefined : pin.join(""));
  return { server: address, user, profile: user, trust };
}

/** The directory of a profile. */
export const profileDirectory = ({ profiles }: LocalAccountParts, name: string): string =>
  path.dirname(profiles.vaultFile(name));
