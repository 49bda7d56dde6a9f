import { generateKeyPairSync } from "node:crypto";
import type { IdentityKeyPairs, RequestRefusal, SendOutcome, Welcome } from "../../core/client/index.ts";
import { accepted, type Result, refused } from "../../core/platform/result.ts";
import { present } from "../../core/testing/present.ts";
import { DeliverCursor, encodeDeliver } from "../../core/wire/deliver-frame.ts";
import { type ClientMessageId, epoch, type GroupId, groupId, seq, userId } from "../../core/wire/ids.ts";
import { messageTypes } from "../../core/wire/send-frame.ts";
import type { Stay } from "../audit/group-observer.ts";
import type { UserOfThread } from "../threads/simulation.ts";
import type { Observation } from "../users/observation.ts";
import type { UserSetup } from "../users/simulated-user.ts";
import { preset, type Workload, type WorkloadText } from "../workload/workload.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

/** Key pairs that nobody seals or signs with; made in no time. */
export const unusedKeyPairs: IdentityKeyPairs = {
  private: { wrapping: privateKey, signing: privateKey },
  public: { wrapping: publicKey, signing: publicKey },
  byWrapping: new Uint8Array(1),
};

/** The preset `rooms` with these changes. */
export function workloadOf(change: Partial<WorkloadText>): Workload {
  const parsed = preset("rooms", change);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

/** A user without a client: what they are told to do is written down, and the {@link FakeServer} answers. */
export class FakeUser implements UserOfThread {
  readonly index: number;
  readonly name: string;
  readonly user;
  readonly setup: UserSetup;
  readonly stays = new Map<GroupId, Stay>();
  onlineSinceMs = 0;
  away = false;
  welcome: Welcome | undefined;
  readonly mailbox: { state: UserOfThread["client"]["mailbox"]["state"]; unsettled: number } = {
    state: "offline",
    unsettled: 0,
  };
  readonly client;
  readonly #server: FakeServer;

  constructor(setup: UserSetup, server: FakeServer) {
    this.setup = setup;
    this.#server = server;
    this.index = setup.index;
    this.name = setup.name;
    this.user = userId(setup.index + 1);
    const note = (what: string) => void server.log.push(`${this.name} ${what}`);
    this.client = {
      mailbox: this.mailbox,
      createGroup: async ({ title, members }: { readonly title: string; readonly members: readonly string[] }) => {
        note(`founds ${title} with ${members.join()}`);
        return server.found(this, members);
      },
      changeGroup: async (
        group: GroupId,
        { action, names }: { readonly action: string; readonly names: readonly string[] },
      ) => {
        note(`${action}s ${names.join()} in ${group}`);
        return accepted(undefined);
      },
      conversation: (group: GroupId) => ({
        refresh: async () => {
          note(`reads ${group}`);
          return server.unreadable.has(group) ? refused({ detail: "no log" }) : accepted(undefined);
        },
      }),
      close: async () => note("closes"),
    };
  }

  async connect(entry: string): Promise<Result<Welcome, RequestRefusal>> {
    this.#server.log.push(`${this.name} ${entry}`);
    const refusal = this.#server.refusals.shift();
    if (refusal) return refused(refusal);
    this.mailbox.state = "online";
    this.welcome = {
      kind: "welcome",
      request: 0,
      user: this.user,
      name: this.name,
      server: "s0",
      token: Buffer.from(this.name),
      tokenExpiresAt: 1,
    };
    return accepted(this.welcome);
  }

  sendSealed(group: GroupId, _: unknown, id: ClientMessageId, settled: (outcome: SendOutcome) => void) {
    return this.sendBytes(group, new Uint8Array(1), id, settled);
  }

  sendBytes(group: GroupId, _: Uint8Array, id: ClientMessageId, settled: (outcome: SendOutcome) => void) {
    this.mailbox.unsettled++;
    const { sent } = this.#server;
    sent.push({
      from: this,
      store: () => {
        this.mailbox.unsettled--;
        settled({ ok: true, seq: seq(this.#server.deliver(group, id)), sentAt: 0 });
      },
    });
    if (this.#server.storesAtOnce) present(sent.at(-1)).store();
    return accepted(id);
  }

  leaveNetwork(): void {
    this.away = true;
    this.#server.log.push(`${this.name} leaves`);
  }

  comeBack(): void {
    this.away = false;
    this.#server.log.push(`${this.name} comes back`);
  }
}

interface SentMessage {
  readonly from: FakeUser;
  /** Acknowledges the message, and delivers it to all members. */
  store(): void;
}

/** What is between the fake users: groups, and messages that are stored at once or when the test says so. */
export class FakeServer {
  readonly log: string[] = [];
  readonly users = new Map<string, FakeUser>();
  /** Answers to the next tries to get in; the tries behind these succeed. */
  readonly refusals: RequestRefusal[] = [];
  readonly unreadable = new Set<GroupId>();
  readonly sent: SentMessage[] = [];
  storesAtOnce = true;
  /** Whether groups can be founded. */
  founds = true;
  /** Whether those with whom a group is founded hear of it. */
  admits = true;
  readonly #groups = new Map<GroupId, { readonly members: readonly string[]; seq: number }>();
  readonly #observations = new Map<FakeUser, Observation>();

  newUser(setup: UserSetup, observation?: Observation): FakeUser {
    const user = new FakeUser(setup, this);
    this.users.set(user.name, user);
    if (observation) this.#observations.set(user, observation);
    return user;
  }

  found(founder: FakeUser, names: readonly string[]): Result<{ readonly group: GroupId }, { readonly detail: string }> {
    if (!this.founds) return refused({ detail: "no room" });
    const group = groupId(70 + this.#groups.size);
    const members = [founder.name, ...names];
    this.#groups.set(group, { members, seq: 0 });
    for (const name of this.admits ? members : []) {
      const user = this.users.get(name);
      if (user) this.#observations.get(user)?.joined(user, group, 0);
    }
    return accepted({ group });
  }

  /** Delivers a message to all members; answers its seq. */
  deliver(group: GroupId, clientMessageId: ClientMessageId): number {
    const of = present(this.#groups.get(group));
    of.seq++;
    const type = messageTypes.application;
    const message = {
      sender: userId(1),
      clientMessageId,
      type,
      sentAt: 0,
      epoch: epoch(1),
      payload: new Uint8Array(1),
    };
    const frame = encodeDeliver({ group, firstSeq: seq(of.seq), messages: [message] });
    for (const name of of.members) {
      const user = this.users.get(name);
      const cursor = new DeliverCursor();
      if (!user || cursor.begin(frame)) continue;
      cursor.next();
      this.#observations.get(user)?.delivered(user, group, cursor);
    }
    return of.seq;
  }
}
