import type { OpenSocket, SocketEvents } from "../client/socket/socket.ts";
import { type ClientFrame, type ColdClientFrame, parseClientFrame } from "../wire/client-frame.ts";
import type { UserId } from "../wire/ids.ts";
import { encodeServerFrame, type ServerFrame } from "../wire/server-frame.ts";
import { isOfKind } from "./of-kind.ts";

/** The server's end of a socket without a network: a test reads what the client sent, and sends the client what it likes. */
export class FakeConnection {
  readonly url: string;
  readonly received: ClientFrame[] = [];
  readonly #events: SocketEvents;
  isOpen = false;
  isClosed = false;
  bytesRead = 0;

  constructor(url: string, events: SocketEvents) {
    this.url = url;
    this.#events = events;
  }

  accept(): void {
    this.isOpen = true;
    this.#events.opened();
  }

  say(frame: ServerFrame): void {
    this.sayBytes(encodeServerFrame(frame));
  }

  sayBytes(bytes: Uint8Array): void {
    this.bytesRead += bytes.length;
    if (!this.isClosed) this.#events.received(bytes);
  }

  /** The connection ends; 1006 is the code of one that ended without a closing handshake. */
  break(code = 1006, reason = "broken"): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#events.closed(code, reason);
  }

  /** The frames of this kind that the client has sent, oldest first. */
  all<Kind extends ClientFrame["kind"]>(kind: Kind): Extract<ClientFrame, { kind: Kind }>[] {
    return this.received.filter((frame) => isOfKind(frame, kind));
  }

  /** Grants the newest `resume` request: from now on the connection is this user's. */
  welcome(user: UserId): void {
    const { request } = this.request("resume");
    const token = Buffer.from("token");
    this.say({ kind: "welcome", request, user, name: "alice", server: "s0", token, tokenExpiresAt: 1 });
  }

  /** The newest request of this kind. */
  request<Kind extends ColdClientFrame["kind"]>(kind: Kind): Extract<ClientFrame, { kind: Kind }> {
    const newest = this.received.findLast((frame) => isOfKind(frame, kind));
    if (!newest)
      throw new Error(`the client has not sent ${kind}; it sent ${this.received.map((of) => of.kind).join()}`);
    return newest;
  }
}

/** Lets everything happen that waits for promises, and not for time. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** The same for what takes several turns of the event loop, one after the other. */
export async function settleAll(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await settle();
}

/** Sockets whose other end is the test. */
export class FakeNetwork {
  readonly connections: FakeConnection[] = [];
  /** Whether servers say at once that they are alive when they are asked; their `received` does not list those questions. */
  answersPings = false;

  readonly open: OpenSocket = (url, events) => {
    const connection = new FakeConnection(url, events);
    this.connections.push(connection);
    return {
      send: (bytes) => {
        const parsed = parseClientFrame(Buffer.from(bytes));
        if (!parsed.ok) throw new Error(parsed.reason.detail);
        const { value: frame } = parsed;
        if (frame.kind === "ping" && this.answersPings) connection.say({ kind: "pong", request: frame.request });
        else connection.received.push(frame);
      },
      close: () => connection.break(1000, "closed here"),
      get bytesRead() {
        return connection.bytesRead;
      },
    };
  };

  /** Accepts the newest connection, and grants its `resume` as this user. */
  async resumed(user: UserId): Promise<FakeConnection> {
    await settle();
    const { last } = this;
    last.accept();
    await settle();
    last.welcome(user);
    await settle();
    return last;
  }

  /** The newest connection. */
  get last(): FakeConnection {
    const last = this.connections.at(-1);
    if (!last) throw new Error("nobody has connected");
    return last;
  }
}
