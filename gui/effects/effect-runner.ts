import type { LocalAccountParts } from "../../core/client/index.ts";
import type { Effect } from "../model/effect.ts";
import { defaultSettings, type Settings } from "../model/settings.ts";
import { sentence } from "../text/sentence.ts";
import { AccountFeed } from "./account-feed.ts";
import { listDirectory } from "./directory.ts";
import type { Emit } from "./emit.ts";
import { amendGroup, createGroup, deleteGroup, leaveGroup } from "./groups.ts";
import { MessageViewer } from "./message-viewer.ts";
import type { OpenAccount } from "./open-account.ts";
import { previewFile, previewMessage } from "./pictures.ts";
import { fetchOlder, load, search, show } from "./reading.ts";
import { groupRows, personRows } from "./rows.ts";
import { failureSentence } from "./sentence.ts";
import { readSettings, writeSettings } from "./settings-file.ts";
import { profileDirectory, signIn } from "./sign-in.ts";
import type { Pictures, Terminal, Viewer } from "./surroundings.ts";
import { Transfers } from "./transfers.ts";
import { acceptIdentity, readSafetyNumber, verify } from "./trust.ts";
import { discard, retry, send } from "./writing.ts";

export interface EffectRunnerParts {
  /** What an account at this machine is made of. */
  readonly machine: LocalAccountParts;
  readonly emit: Emit;
  readonly terminal: Terminal;
  readonly viewer: Viewer;
  /** Without, no picture is shown. */
  readonly pictures?: Pictures | undefined;
}

interface Work {
  readonly opened: OpenAccount;
  readonly transfers: Transfers;
  readonly messageViewer: MessageViewer;
}

/**
 * Does what the model wants done, with an account at this machine, and tells the model what comes of it and what else
 * happens. Whatever fails is told in a sentence; nothing is thrown.
 */
export class EffectRunner {
  readonly #parts: EffectRunnerParts;
  #work: Work | undefined;
  #isSigningIn = false;
  #closed: Promise<void> | undefined;

  constructor(parts: EffectRunnerParts) {
    this.#parts = { ...parts, emit: (event) => (this.#closed ? undefined : parts.emit(event)) };
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

  /** Resolves when what was begun by it has ended; what comes of it is told meanwhile. */
  async perform(effect: Effect): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#perform(effect);
    } catch (cause) {
      const of = effect.kind === "createGroup" || effect.kind === "amendGroup" ? "group" : "other";
      this.#parts.emit({ kind: "failed", of, text: failureSentence(cause) });
    }
  }

  /** Resolves when everything is kept; nothing more is told. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    if (!work) return;
    work.opened.feed.close();
    work.messageViewer.close();
    await work.opened.account.close();
  }

  async #perform(effect: Effect): Promise<void> {
    const { terminal, emit, pictures } = this.#parts;
    switch (effect.kind) {
      case "open":
      case "join":
      case "signUp":
        return this.#signIn(effect);
      case "edit":
        return emit({ kind: "edited", text: await terminal.edit(effect.text) });
      case "notify":
        return terminal.notify(effect.title, effect.text);
      case "redraw":
        return terminal.redraw();
      case "suspend":
        return terminal.suspend();
      case "quit":
        try {
          await this.close();
        } finally {
          terminal.quit();
        }
        return;
      case "listDirectory":
        return emit(await listDirectory(effect.directory));
      case "previewFile":
        return previewFile(emit, pictures, effect);
      default:
        if (this.#work) await this.#performOpen(effect, this.#work);
    }
  }

  async #performOpen(
    effect: Exclude<
      Effect,
      {
        kind:
          | "open"
          | "join"
          | "signUp"
          | "edit"
          | "notify"
          | "redraw"
          | "suspend"
          | "quit"
          | "listDirectory"
          | "previewFile";
      }
    >,
    { opened, transfers, messageViewer }: Work,
  ): Promise<void> {
    const { account } = opened;
    switch (effect.kind) {
      case "show":
        return show(opened, effect.group, effect.before);
      case "load":
        return load(opened, effect);
      case "fetchOlder":
        return fetchOlder(opened, effect.group);
      case "markRead":
        return account.client.markRead(effect.group, effect.seq);
      case "search":
        return search(opened, effect.group, effect.words);
      case "send":
        return send(opened, effect.group, effect.text);
      case "retry":
        return retry(opened, effect.key);
      case "discard":
        return discard(opened, effect.key);
      case "saveDraft":
        return account.vault.view.saveDraft(effect.group, effect.text);
      case "typing":
        return opened.settings.typing ? account.client.typing(effect.group) : undefined;
      case "createGroup":
        return createGroup(opened, effect);
      case "amendGroup":
        return amendGroup(opened, effect);
      case "leaveGroup":
        return leaveGroup(opened, effect.group);
      case "deleteGroup":
        return deleteGroup(opened, effect.group);
      case "readSafetyNumber":
        return readSafetyNumber(opened, effect.user);
      case "verify":
        return verify(opened, effect.user);
      case "acceptIdentity":
        return acceptIdentity(opened, effect.user);
      case "sendFile":
        return transfers.send(effect);
      case "saveFile":
        return transfers.save(effect);
      case "cancelTransfer":
        return transfers.cancel(effect.id);
      case "resumeTransfer":
        return transfers.resume(effect.id);
      case "previewMessage":
        return previewMessage(opened, transfers, this.#parts.pictures, effect);
      case "openFile":
        return messageViewer.view(effect.key);
      case "saveSettings":
        return this.#saveSettings(opened, effect.settings);
      default:
        effect satisfies never;
    }
  }

  async #signIn(effect: Extract<Effect, { kind: "open" | "join" | "signUp" }>): Promise<void> {
    if (this.#work || this.#isSigningIn) return;
    this.#isSigningIn = true;
    const { machine, emit, viewer } = this.#parts;
    const feed = new AccountFeed(machine.clock, emit);
    try {
      const account = await signIn(effect, { machine, events: feed.events, emit });
      if (!account) return;
      // Closed while it was being opened.
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
      this.#work = { opened, transfers, messageViewer: new MessageViewer(opened, viewer) };
      account.client.readReceipts = opened.settings.receipts;
      const { user, server } = account.profile;
      emit({
        kind: "opened",
        self: {
          user: account.client.user as typeof account.client.user & number,
          name: user,
          profile: account.name,
          server,
        },
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

  #saveSettings(opened: OpenAccount, settings: Settings): void {
    opened.settings = settings;
    opened.account.client.readReceipts = settings.receipts;
    writeSettings(profileDirectory(this.#parts.machine, opened.account.name), settings);
  }
}
