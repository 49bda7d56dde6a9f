import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Bus, BusEvents, GroupFrame, ServerId } from "../../server/bus.ts";
import type { GroupId } from "../../wire/ids.ts";
import { type ColdLinkFrame, encodeLinkDeliver, encodeLinkFrame, parseLinkFrame } from "../../wire/link-frame.ts";

/**
 * How long a subscription waits for peers: a peer that hangs must not hold up logins here. The sweep repairs what the peer does
 * not send.
 */
const subscribeMsMax = 1000;

/** As much of a `MessagePort` as the bus uses. */
export interface BusPort {
  on(event: "message", listener: (bytes: Uint8Array) => void): unknown;
  postMessage(bytes: Uint8Array, moved: readonly ArrayBuffer[]): void;
  close(): void;
  unref(): void;
}

interface Peer {
  readonly port: BusPort;
  /** The groups to which the peer has subscribed. */
  readonly interest: Set<GroupId>;
}

/** The bus between servers that are threads of one process: a message port for each pair. */
export class LocalBus implements Bus {
  readonly self: ServerId;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #peers = new Map<ServerId, Peer>();
  readonly #subscribed = new Set<GroupId>();
  /** Subscriptions without an answer, by request number: one for each peer that was asked. */
  readonly #awaited = new Map<number, { readonly server: ServerId; readonly done: () => void }>();
  #events: BusEvents | undefined;
  #request = 0;

  constructor(self: ServerId, parts: { clock: Clock; log: Log }) {
    this.self = self;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  listen(events: BusEvents): void {
    this.#events = events;
  }

  /** Adds another server, to which this port leads. */
  addPeer(server: ServerId, port: BusPort): void {
    this.removePeer(server);
    this.#peers.set(server, { port, interest: new Set() });
    port.on("message", (bytes: Uint8Array) => this.#received(server, bytes));
    port.unref();
    if (this.#subscribed.size > 0) void this.#announce(server, [...this.#subscribed]);
  }

  removePeer(server: ServerId): void {
    const peer = this.#peers.get(server);
    if (!peer) return;
    this.#peers.delete(server);
    peer.port.close();
    for (const { server: awaited, done } of [...this.#awaited.values()]) if (awaited === server) done();
    this.#events?.gone(server);
  }

  async subscribe(groups: readonly GroupId[]): Promise<void> {
    for (const group of groups) this.#subscribed.add(group);
    await Promise.all([...this.#peers.keys()].map((server) => this.#announce(server, groups)));
  }

  unsubscribe(groups: readonly GroupId[]): void {
    for (const group of groups) this.#subscribed.delete(group);
    this.broadcast({ kind: "interest", request: this.#request++, join: [], leave: groups });
  }

  deliver(frames: readonly GroupFrame[]): number {
    let copies = 0;
    for (const { port, interest } of this.#peers.values()) {
      const wanted = frames.filter(({ group }) => interest.has(group));
      if (wanted.length === 0) continue;
      for (const { count } of wanted) copies += count;
      post(port, encodeLinkDeliver(wanted.map(({ frame }) => frame)));
    }
    return copies;
  }

  send(server: ServerId, frame: ColdLinkFrame): void {
    const peer = this.#peers.get(server);
    if (peer) post(peer.port, encodeLinkFrame(frame));
  }

  publish(group: GroupId, frame: ColdLinkFrame): void {
    for (const [server, { interest }] of this.#peers) if (interest.has(group)) this.send(server, frame);
  }

  broadcast(frame: ColdLinkFrame): void {
    for (const server of this.#peers.keys()) this.send(server, frame);
  }

  close(): void {
    for (const server of [...this.#peers.keys()]) this.removePeer(server);
  }

  /** Sends a peer the groups to which this server has subscribed; resolves when it has answered. */
  #announce(server: ServerId, groups: readonly GroupId[]): Promise<void> {
    return new Promise((resolve) => {
      const request = this.#request++;
      const giveUp = this.#clock.after(subscribeMsMax, () => {
        this.#log.warn({ server }, "a server does not answer on the bus; the sweep will repair what it does not send");
        done();
      });
      const done = () => {
        giveUp();
        this.#awaited.delete(request);
        resolve();
      };
      this.#awaited.set(request, { server, done });
      this.send(server, { kind: "interest", request, join: groups, leave: [] });
    });
  }

  #received(from: ServerId, bytes: Uint8Array): void {
    const parsed = parseLinkFrame(bytes);
    if (!parsed.ok) return this.#log.error({ from, fault: parsed.reason }, "another server sent a broken frame");
    const frame = parsed.value;
    switch (frame.kind) {
      case "linkDeliver":
        for (const deliver of frame.frames) this.#events?.delivered(deliver);
        return;
      case "interest": {
        const interest = this.#peers.get(from)?.interest;
        for (const group of frame.join) interest?.add(group);
        for (const group of frame.leave) interest?.delete(group);
        if (frame.join.length === 0) return;
        this.send(from, { kind: "interested", request: frame.request });
        return this.#events?.subscribed(from, frame.join);
      }
      case "interested":
        return this.#awaited.get(frame.request)?.done();
      default:
        return this.#events?.received(from, frame);
    }
  }
}

/**
 * Hands the bytes over without a copy. A view of Node's shared pool is copied first, or the whole pool would be handed over.
 */
function post(port: BusPort, bytes: Uint8Array): void {
  const own = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
  const { buffer } = own;
  port.postMessage(own, buffer instanceof ArrayBuffer ? [buffer] : []);
}
