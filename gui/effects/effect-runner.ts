import type { LocalAccountParts } from "../../core/client/index.ts";
import type { Effect } from "../model/effect.ts";
import { defaultSettings } from "../model/settings.ts";
import { sentence } from "../text/sentence.ts";
import { AccountFeed } from "./account-feed.ts";
import type { Emit } from "./emit.ts";
import { MessageViewer } from "./message-viewer.ts";
import type { OpenAccount } from "./open-account.ts";
import { type AccountParts, isOnMachine, type MachineParts, performOnAccount, performOnMachine } from "./performers.ts";
import { failureSentence } from "./refusal-sentence.ts";
import { groupRows, personRows } from "./rows.ts";
import { readSettings } from "./settings-file.ts";
import { profileDirectory, type SignInEffect, signIn } from "./sign-in.ts";
import type { Pictures, Terminal, Viewer } from "./surroundings.ts";
import { Transfers } from "./transfers.ts";

export interface EffectRunnerParts {
  /** What an account at this machine is made of. */
  readonly machine: LocalAccountParts;
  readonly emit: Emit;
  readonly terminal: Terminal;
  readonly viewer: Viewer;
  /** Without, no picture is shown. */
  readonly pictures?: Pictures | undefined;
}

/**
 * Performs the model's effects with an account at this machine. Their results, and whatever else happens to the account, are
 * emitted as events. A failure is an event with one sentence; nothing is thrown.
 */
export class EffectRunner {
  readonly #parts: EffectRunnerParts;
  readonly #machineParts: MachineParts;
  /** Of the account that is open. */
  #accountParts: AccountParts | undefined;
  #isSigningIn = false;
  #closed: Promise<void> | undefined;

  constructor(parts: EffectRunnerParts) {
    this.#parts = { ...parts, emit: (event) => (this.#closed ? undefined : parts.emit(event)) };
    const { emit, terminal, pictures } = this.#parts;
    const signIn = (effect: SignInEffect) => this.#signIn(effect);
    this.#machineParts = { emit, terminal, pictures, signIn, close: () => this.close() };
  }

  /** The accounts that this machine knows, for signing in. */
  profiles(): { readonly name: string; readonly user: string; readonly server: string }[] {
    const { profiles } = this.#parts.machine;
    return profiles.list().flatMap((name) => {
      try {
        const profile = profiles.read(name);
        return profile ? [{ name, user: profile.user, server: profile.server }] : [];
      } catch (cause) {
        this.#parts.emit({ kind: "failed", of: "other", text: failureSentence(cause) });
        return [];
      }
    });
  }

  /** Resolves when all that the effect began has ended; its events come meanwhile. */
  async perform(effect: Effect): Promise<void> {
    if (this.#closed) return;
    try {
      if (isOnMachine(effect)) await performOnMachine(effect, this.#machineParts);
      else if (this.#accountParts) await performOnAccount(effect, this.#accountParts);
    } catch (cause) {
      const of = effect.kind === "createGroup" || effect.kind === "amendGroup" ? "group" : "other";
      this.#parts.emit({ kind: "failed", of, text: failureSentence(cause) });
    }
  }

  /** Resolves when everything is kept; no more events come. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const parts = this.#accountParts;
    this.#accountParts = undefined;
    if (!parts) return;
    parts.opened.feed.close();
    parts.messageViewer.close();
    await parts.opened.account.close();
  }

  async #signIn(effect: SignInEffect): Promise<void> {
    if (this.#accountParts || this.#isSigningIn) return;
    this.#isSigningIn = true;
    const { machine, emit, viewer, pictures } = this.#parts;
    const feed = new AccountFeed(machine.clock, emit);
    try {
      const account = await signIn(effect, { machine, events: feed.events, emit });
      if (!account) return;
      // The runner was closed while the account was being opened.
      if (this.#closed) return await account.close();
      const settings = readSettings(profileDirectory(machine, account.name));
      const opened: OpenAccount = {
        account,
        feed,
        clock: machine.clock,
        emit,
        settings: settings.ok ? settings.value : defaultSettings,
      };
      const transfers = new Transfers(opened);
      this.#accountParts = { machine, pictures, opened, transfers, messageViewer: new MessageViewer(opened, viewer) };
      account.client.readReceipts = opened.settings.receipts;
      const { user, server } = account.profile;
      const { user: self } = account.client;
      if (self === undefined) throw new Error("a vault without a session");
      emit({
        kind: "accountOpened",
        self: { user: self, name: user, profile: account.name, server },
        groups: groupRows(account),
        people: personRows(account),
        settings: opened.settings,
      });
      if (!settings.ok) {
        emit({ kind: "failed", of: "other", text: sentence(`the settings are as at first: ${settings.reason}`) });
      }
      feed.start(account, effect.password);
      transfers.listUnfinished();
      account.goOnline();
    } finally {
      this.#isSigningIn = false;
    }
  }
}
