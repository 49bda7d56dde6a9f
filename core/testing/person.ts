import { after } from "node:test";
import { logIn, signUp } from "../client/account/authenticate.ts";
import type { Client, ClientEvents } from "../client/client.ts";
import { createClient } from "../client/create-client.ts";
import type { OpenedMessage, UnreadableMessage } from "../client/group/conversation-events.ts";
import type { Keeper } from "../client/group/keeper.ts";
import type { SendOutcome } from "../client/mail/outgoing-message.ts";
import type { Patience } from "../client/mail/pulse.ts";
import { IdentityCache } from "../client/people/identity-cache.ts";
import { type Dial, dialAssigned } from "../client/socket/dial.ts";
import { openLeanSocket } from "../client/socket/lean-socket.ts";
import type { OpenSocket } from "../client/socket/socket.ts";
import type { TlsTrust } from "../client/socket/tls-trust.ts";
import { wordsOf } from "../e2ee/content.ts";
import { createIdentity, type Identity } from "../e2ee/identity.ts";
import * as opaque from "../e2ee/opaque-client.ts";
import { inlineRsa } from "../e2ee/rsa-inline.ts";
import type { AnySuite } from "../e2ee/suite.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { seededRandom } from "../platform/random.ts";
import type { GroupId } from "../wire/ids.ts";
import { canonicalUserName } from "../wire/user-name.ts";
import { keyPair } from "./key-pairs.ts";
import { RecordingFernet } from "./recording-fernet.ts";
import { until } from "./until.ts";

const people: Person[] = [];
after(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
});

const identities = new IdentityCache();
let keyPairsGiven = 0;
let seeds = 1;

/** One of four key pairs: four people in a row have different ones. */
const someKeyPair = () => keyPair(keyPairsGiven++ % 4);

/** A person with a real client, who remembers what they were shown. */
export interface Person {
  readonly name: string;
  readonly client: Client;
  readonly identity: Identity;
  /** The session token that resumes their session. */
  readonly token: Uint8Array;
  readonly messages: OpenedMessage[];
  readonly unreadable: UnreadableMessage[];
  /** The groups of which they are a member now. */
  readonly joined: Set<GroupId>;
  /** Records every group key that they made or were given, unless `suites` replaces it. */
  readonly fernet: RecordingFernet;
  /** The texts of a group, in the order in which they were shown. */
  texts(group: GroupId): string[];
  /** Sends a text; resolves with its outcome. */
  say(group: GroupId, text: string): Promise<SendOutcome>;
}

export interface PersonOptions {
  readonly password?: string;
  /** The identity of a user who exists: logs in instead of signing up. */
  readonly known?: Identity;
  readonly dial?: Dial;
  readonly tls?: TlsTrust;
  readonly open?: OpenSocket;
  readonly clock?: Clock;
  readonly patience?: Patience;
  readonly events?: ClientEvents;
  readonly keeper?: Keeper;
  /** The suites instead of `rsa-fernet` alone. */
  readonly suites?: readonly AnySuite[];
}

/** Signs a person up (or logs them in) at a deployment. */
export async function person(target: string, name: string, options: PersonOptions = {}): Promise<Person> {
  const messages: OpenedMessage[] = [];
  const unreadable: UnreadableMessage[] = [];
  const joined = new Set<GroupId>();
  const { events = {} } = options;
  const fernet = new RecordingFernet();
  const client = createClient(
    {
      dial: options.dial ?? dialAssigned(target, options.tls),
      open: options.open ?? openLeanSocket,
      clock: options.clock ?? systemClock,
      random: seededRandom(seeds++),
      socket: { tls: options.tls },
      rsa: inlineRsa,
      identities,
      suites: options.suites ?? [fernet],
      keeper: options.keeper,
      patience: options.patience,
    },
    { outboxMax: 1000, pinning: true },
    {
      ...events,
      message(message) {
        messages.push(message);
        events.message?.(message);
      },
      unreadable(message) {
        unreadable.push(message);
        events.unreadable?.(message);
      },
      joined(group) {
        joined.add(group.id);
        events.joined?.(group);
      },
      left(group) {
        joined.delete(group);
        events.left?.(group);
      },
    },
  );
  const canonical = canonicalUserName(name);
  if (!canonical.ok) throw new Error(canonical.reason);
  const identity = options.known ?? createIdentity(canonical.value, await someKeyPair());
  const credentials = { name, password: options.password ?? `password of ${name}`, effort: "simulated" } as const;
  const how = options.known ? logIn(opaque, credentials) : signUp(opaque, credentials, identity);
  const welcome = await client.logIn(identity, how);
  if (!welcome.ok) throw new Error(`${name} cannot get in: ${welcome.reason.code} ${welcome.reason.detail}`);
  const made: Person = {
    name,
    client,
    identity,
    token: welcome.value.token,
    messages,
    unreadable,
    joined,
    fernet,
    texts: (group) => messages.filter((message) => message.group === group).map(({ content }) => wordsOf(content)),
    say: (group, text) =>
      new Promise((resolve, reject) => {
        const taken = client.send(group, { kind: "text", text }, resolve);
        if (!taken.ok) reject(new Error(taken.reason.detail));
      }),
  };
  people.push(made);
  return made;
}

/** Founds a group, and resolves when all these people are its members. */
export async function groupOf(founder: Person, ...others: readonly Person[]): Promise<GroupId> {
  const conversation = await founder.client.createGroup({ title: "a group", members: others.map(({ name }) => name) });
  if (!conversation.ok) throw new Error(conversation.reason.detail);
  const { group } = conversation.value;
  await until(() => [founder, ...others].every((member) => member.joined.has(group)), "all members are in the group");
  return group;
}
