import type { LocalAccountParts } from "../../core/client/index.ts";
import type { AccountEffects, Effect, EffectKind, EffectOf, MachineEffects } from "../model/effect.ts";
import { listDirectory } from "./directory.ts";
import type { Emit } from "./emit.ts";
import { amendGroup, createGroup, deleteGroup, leaveGroup } from "./groups.ts";
import type { MessageViewer } from "./message-viewer.ts";
import type { OpenAccount } from "./open-account.ts";
import { previewFile, previewMessage } from "./previews.ts";
import { fetchOlder, load, search, show } from "./reading.ts";
import { saveSettings } from "./settings-file.ts";
import { profileDirectory, type SignInEffect } from "./sign-in.ts";
import type { Pictures, Terminal } from "./surroundings.ts";
import type { Transfers } from "./transfers.ts";
import { acceptIdentity, readSafetyNumber, verify } from "./trust.ts";
import { discard, retry, send } from "./writing.ts";

/** What is handed to the performers of effects that need no open account. */
export interface MachineParts {
  readonly emit: Emit;
  readonly terminal: Terminal;
  /** Without, no picture is shown. */
  readonly pictures: Pictures | undefined;
  readonly signIn: (effect: SignInEffect) => Promise<void>;
  /** Resolves when everything of the account is kept. */
  readonly close: () => Promise<void>;
}

/** What is handed to the performers of effects on the open account. */
export interface AccountParts {
  readonly machine: LocalAccountParts;
  readonly pictures: Pictures | undefined;
  readonly opened: OpenAccount;
  readonly transfers: Transfers;
  readonly messageViewer: MessageViewer;
}

/** A function for each kind of effect. */
type Performers<Kinds extends EffectKind, Parts> = {
  readonly [K in Kinds]: (effect: EffectOf<K>, parts: Parts) => Promise<void> | void;
};

const onMachine: Performers<keyof MachineEffects, MachineParts> = {
  openAccount: (effect, { signIn }) => signIn(effect),
  logIn: (effect, { signIn }) => signIn(effect),
  signUp: (effect, { signIn }) => signIn(effect),
  edit: async ({ text }, { emit, terminal }) => emit({ kind: "edited", text: await terminal.edit(text) }),
  notify: ({ title, text }, { terminal }) => terminal.notify(title, text),
  redraw: (_, { terminal }) => terminal.redraw(),
  suspend: (_, { terminal }) => terminal.suspend(),
  quit: async (_, { close, terminal }) => {
    try {
      await close();
    } finally {
      terminal.quit();
    }
  },
  listDirectory: async ({ directory }, { emit }) => emit(await listDirectory(directory)),
  previewFile: (effect, { emit, pictures }) => previewFile(emit, pictures, effect),
};

const onAccount: Performers<keyof AccountEffects, AccountParts> = {
  show: ({ group, before }, { opened }) => show(opened, group, before),
  load: (effect, { opened }) => load(opened, effect),
  fetchOlder: ({ group }, { opened }) => fetchOlder(opened, group),
  markRead: ({ group, seq }, { opened }) => opened.account.client.markRead(group, seq),
  search: ({ group, words }, { opened }) => search(opened, group, words),
  send: ({ group, text }, { opened }) => send(opened, group, text),
  retry: ({ key }, { opened }) => retry(opened, key),
  discard: ({ key }, { opened }) => discard(opened, key),
  saveDraft: ({ group, text }, { opened }) => opened.account.vault.view.saveDraft(group, text),
  typing: ({ group }, { opened }) => (opened.settings.typing ? opened.account.client.typing(group) : undefined),
  createGroup: (effect, { opened }) => createGroup(opened, effect),
  amendGroup: (effect, { opened }) => amendGroup(opened, effect),
  leaveGroup: ({ group }, { opened }) => leaveGroup(opened, group),
  deleteGroup: ({ group }, { opened }) => deleteGroup(opened, group),
  readSafetyNumber: ({ user }, { opened }) => readSafetyNumber(opened, user),
  verify: ({ user }, { opened }) => verify(opened, user),
  acceptIdentity: ({ user }, { opened }) => acceptIdentity(opened, user),
  sendFile: (effect, { transfers }) => transfers.send(effect),
  previewMessage: (effect, { opened, transfers, pictures }) => previewMessage(opened, transfers, pictures, effect),
  saveFile: (effect, { transfers }) => transfers.save(effect),
  openFile: ({ key }, { messageViewer }) => messageViewer.view(key),
  cancelTransfer: ({ id }, { transfers }) => transfers.cancel(id),
  resumeTransfer: ({ id }, { transfers }) => transfers.resume(id),
  saveSettings: ({ settings }, { opened, machine }) =>
    saveSettings(opened, profileDirectory(machine, opened.account.name), settings),
};

export const isOnMachine = (effect: Effect): effect is EffectOf<keyof MachineEffects> =>
  Object.hasOwn(onMachine, effect.kind);

export function performOnMachine<K extends keyof MachineEffects>(
  effect: EffectOf<K>,
  parts: MachineParts,
): Promise<void> | void {
  return onMachine[effect.kind](effect, parts);
}

export function performOnAccount<K extends keyof AccountEffects>(
  effect: EffectOf<K>,
  parts: AccountParts,
): Promise<void> | void {
  return onAccount[effect.kind](effect, parts);
}
