import { createIdentity, type Identity, type IdentityKeyPairs } from "../e2ee/identity.ts";
import type { Clock } from "../platform/clock.ts";
import { sleep } from "../platform/clock.ts";
import { canonicalUserName } from "../wire/user-name.ts";
import { ConformGroup, type EntryOf } from "./conform-group.ts";
import { ConformSocket } from "./conform-socket.ts";
import { exchange, exchangeBytes, type HttpAnswer, type HttpAsk } from "./http-exchange.ts";
import { type ConformUser, freshName, freshPassword, signUpRecord } from "./people.ts";
import { httpBeside, type Target } from "./target.ts";

/** Two pairs, made once: making one takes a second, and the server takes them under any number of names. */
export type TwoKeyPairs = readonly [IdentityKeyPairs, IdentityKeyPairs];

export interface ContextParts {
  readonly target: Target;
  readonly clock: Clock;
  readonly keys: TwoKeyPairs;
}

export interface SignUpOf {
  readonly name?: string;
  readonly backup?: Uint8Array;
}

/** What a case works with. Sockets that it opens are closed when it is over. */
export class CaseContext {
  readonly target: Target;
  readonly clock: Clock;
  readonly keys: TwoKeyPairs;
  readonly #sockets: ConformSocket[] = [];
  #users = 0;
  #over = false;

  constructor({ target, clock, keys }: ContextParts) {
    this.target = target;
    this.clock = clock;
    this.keys = keys;
  }

  /** A connection to a server of the deployment, or to the one of this URL. */
  async open(url?: string): Promise<ConformSocket> {
    const { clock, target } = this;
    const to = url ?? (await target.socketUrl());
    if (this.#over) throw new Error("the case is over");
    const socket = new ConformSocket(to, { clock, tls: target.tls });
    this.#sockets.push(socket);
    await socket.opened();
    return socket;
  }

  identityOf(name: string, keys: IdentityKeyPairs = this.keys[this.#users++ % 2 === 0 ? 0 : 1]): Identity {
    const canonical = canonicalUserName(name);
    return createIdentity(canonical.ok ? canonical.value : name, keys);
  }

  /** Signs a new user up over a connection of their own, which stays open; their names and key pairs alternate. */
  async signUp({ name = freshName(), backup }: SignUpOf = {}, url?: string): Promise<ConformUser> {
    const socket = await this.open(url);
    const password = freshPassword();
    const identity = this.identityOf(name);
    const { record, exportKey } = await signUpRecord(socket, name, password);
    const welcome = await socket.granted({
      kind: "signUpFinish",
      name,
      record,
      identity: identity.public.bytes,
      ...(backup ? { backup } : {}),
    });
    return { id: welcome.user, name: identity.public.name, password, identity, socket, welcome, exportKey };
  }

  /** Several new users, all at the server of the first one. */
  async signUpMany<Count extends 2 | 3>(count: Count): Promise<Users[Count]> {
    const first = await this.signUp();
    const users = [first];
    while (users.length < count) users.push(await this.signUp({}, first.socket.url));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there are as many as were asked for
    return users as unknown as Users[Count];
  }

  /** Another connection of a user, by their token. */
  async resume(user: ConformUser, url: string = user.socket.url): Promise<ConformSocket> {
    const socket = await this.open(url);
    await socket.granted({ kind: "resume", token: user.welcome.token });
    return socket;
  }

  /** Founds a group of these people; all of them have been told. */
  async found(founder: ConformUser, others: readonly ConformUser[] = [], of: EntryOf = {}): Promise<ConformGroup> {
    const group = new ConformGroup();
    await group.change(founder, "create", { people: others, ...of });
    for (const { socket } of [founder, ...others]) {
      await socket.next(
        "joined",
        (frame): frame is typeof frame => frame.kind === "joined" && frame.group === group.id,
      );
    }
    return group;
  }

  /** One HTTP request to a path below a URL: by default below the address that everybody knows. */
  http(path: string, ask?: HttpAsk, base: URL = this.target.base): Promise<HttpAnswer> {
    return exchange(new URL(path, base), this.target.tls, ask);
  }

  /** The address of one server, beside its socket. */
  async serverBase(): Promise<URL> {
    return httpBeside(await this.target.socketUrl());
  }

  exchangeBytes(base: URL, bytes: string) {
    return exchangeBytes(base, this.target.tls, bytes);
  }

  pause(ms: number): Promise<void> {
    return sleep(this.clock, ms);
  }

  /** Ends all connections; a case that goes on although its time is over opens no more. */
  destroy(): void {
    this.#over = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

interface Users {
  readonly 2: readonly [ConformUser, ConformUser];
  readonly 3: readonly [ConformUser, ConformUser, ConformUser];
}
