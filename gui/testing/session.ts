import type { RowKey } from "../../core/client/index.ts";
import { present } from "../../core/testing/present.ts";
import { rowKey } from "../../core/testing/row-key.ts";
import { clientMessageId, type GroupId, groupId, seq, userId } from "../../core/wire/ids.ts";
import { bindingsOf } from "../keys/bindings.ts";
import type { Dialog } from "../model/dialog.ts";
import type { Effect, EffectKind } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import { defaultSettings } from "../model/settings.ts";
import type { GroupFacts, GroupRow, MessageRow, PersonRow } from "../model/shown.ts";
import { beginSignIn } from "../model/sign-in.ts";
import type { ChatState, Conversation, SignIn, State } from "../model/state.ts";
import { initialState, isChat, update } from "../model/update.ts";
import type { Viewport } from "../model/viewport.ts";

export const idOf = {
  group: groupId,
  user: userId,
  seq,
  row: rowKey,
};

export const alice = idOf.user(1);
export const bob = idOf.user(2);
export const cats = idOf.group(10);
export const dogs = idOf.group(11);

export const people: readonly PersonRow[] = [
  { user: alice, name: "alice", trusted: "pinned" },
  { user: bob, name: "bob", trusted: "pinned" },
];

export function groupRow(group: GroupId, of: Partial<GroupRow> = {}): GroupRow {
  return {
    group,
    title: group === cats ? "cats" : "dogs",
    lastAt: 0,
    unread: 0,
    mentions: 0,
    readSeq: idOf.seq(0),
    draft: "",
    left: false,
    ...of,
  };
}

export function messageRow(key: number, of: Partial<MessageRow> = {}): MessageRow {
  return {
    key: idOf.row(key),
    seq: idOf.seq(key),
    sender: bob,
    id: clientMessageId(BigInt(key)),
    epoch: 1,
    at: key * 1000,
    state: "received",
    content: { kind: "text", text: `message ${key}` },
    ...of,
  };
}

export const messageRows = (from: number, through: number): MessageRow[] =>
  Array.from({ length: through - from + 1 }, (_, index) => messageRow(from + index));

export const catsFacts: GroupFacts = {
  title: "cats",
  members: [
    { user: alice, name: "alice", admin: true },
    { user: bob, name: "bob", admin: false },
  ],
  epoch: 1,
  suite: "rsa-fernet",
  expireSeconds: 0,
  changes: [],
};

/** A viewport in which every message takes one line. */
export function flatViewport(pageLines: number): Viewport {
  const bottom = ({ messages, anchor }: Conversation) => {
    const at = messages.findIndex(({ key }) => key === anchor?.key);
    return at < 0 ? messages.length - 1 : at;
  };
  return {
    scrolled(_state, conversation, lines) {
      const { messages } = conversation;
      const at = Math.max(0, bottom(conversation) - lines);
      const message = messages[at];
      return at >= messages.length - 1 || !message ? undefined : { key: message.key, linesBelow: 0 };
    },
    pageLines: () => pageLines,
    pictureColumns: () => 40,
    showsFirst: (_state, conversation) => bottom(conversation) - pageLines < 0,
  };
}

/** A user without a terminal: presses keys, and keeps the state and the effects. */
export class Session {
  state: State;
  readonly effects: Effect[] = [];
  readonly #viewport: Viewport;

  constructor(state: State, viewport: Viewport = flatViewport(10)) {
    this.state = state;
    this.#viewport = viewport;
  }

  get chat(): ChatState {
    if (!isChat(this.state)) throw new Error("nobody has signed in");
    return this.state;
  }

  get signIn(): SignIn {
    const { scene } = this.state;
    if (scene.kind !== "signIn") throw new Error("somebody has signed in");
    return scene;
  }

  conversation(group = cats): Conversation {
    return present(this.chat.scene.conversations.get(group), `conversation ${group}`);
  }

  /** The keys of the messages in the window of cats. */
  get keysShown(): RowKey[] {
    return this.conversation().messages.map(({ key }) => key);
  }

  get topDialog(): Dialog | undefined {
    return this.chat.scene.dialogs.at(-1);
  }

  get draft(): string {
    const { active, conversations } = this.chat.scene;
    return (active === undefined ? undefined : conversations.get(active)?.draft.text) ?? "";
  }

  hear(...events: readonly Event[]): this {
    for (const event of events) {
      const { state, effects } = update(this.state, event, this.#viewport);
      this.state = state;
      this.effects.push(...effects);
    }
    return this;
  }

  press(...names: readonly string[]): this {
    return this.hear(...names.map((name) => ({ kind: "key", name }) as const));
  }

  type(text: string): this {
    return this.hear(
      ...Array.from(text, (of) => ({ kind: "key", name: of === " " ? "space" : of, text: of }) as const),
    );
  }

  /** The effects since the last call. */
  done(): Effect[] {
    return this.effects.splice(0);
  }

  did<K extends EffectKind>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }
}

export function signInSession(
  profiles: readonly { name: string; user: string; server: string }[] = [],
  known: { server: string; user?: string; profile?: string } = { server: "127.0.0.1:7400" },
): Session {
  return new Session(
    initialState({
      size: { columns: 80, rows: 24 },
      nowMs: 1_000_000,
      settings: defaultSettings,
      bindings: bindingsOf(),
      scene: beginSignIn(profiles, known),
    }),
  );
}

/** Alice, in the groups cats (which is shown) and dogs. */
export function chatSession(groups: readonly GroupRow[] = [groupRow(cats), groupRow(dogs)]): Session {
  const self = { user: alice, name: "alice", profile: "alice", server: "127.0.0.1:7400" };
  return signInSession().hear({ kind: "accountOpened", self, groups, people, settings: defaultSettings });
}

/** The newest page of a conversation. */
export function newestPage(group: GroupId, messages: readonly MessageRow[], moreOlder = false): Event {
  return { kind: "page", group, where: "newest", messages, moreOlder, moreNewer: false };
}
