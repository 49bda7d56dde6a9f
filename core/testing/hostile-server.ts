import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { after } from "node:test";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { type ColdClientFrame, encodeClientFrame, parseClientFrame } from "../wire/client-frame.ts";
import { type DeliveredMessage, type DeliverFrame, encodeDeliver, parseDeliver } from "../wire/deliver-frame.ts";
import { type GroupId, type Seq, seqPlus } from "../wire/ids.ts";
import { type ColdServerFrame, encodeServerFrame, parseServerFrame, type ServerFrame } from "../wire/server-frame.ts";
import { isOfKind } from "./of-kind.ts";
import { portOf } from "./port-of.ts";
import { present } from "./present.ts";

const open: HostileServer[] = [];
after(() => {
  for (const server of open) server.close();
});

/** A client's connection, as the hostile server sees it. */
export interface Victim {
  /** The user's name, once the real server has welcomed them. */
  name: string | undefined;
}

type Of<Frame extends { kind: string }, Kind extends string> = Extract<Frame, { kind: Kind }>;
/** Answers what the real server gets instead of a frame: the same or another one, or undefined for none. */
type Meddle<Frame> = (frame: Frame, victim: Victim) => Frame | undefined;
/** Answers what the client gets instead of a frame: any frames, or undefined for none. */
type Lie<Frame> = (frame: Frame, victim: Victim) => ServerFrame | readonly ServerFrame[] | undefined;

/** A message with the seq under which a client is shown it. */
export interface ShownMessage extends DeliveredMessage {
  readonly seq: Seq;
}

/**
 * Stands between clients and a real server, sees everything that they do, and lies to them as the test says. Frames that the
 * test does not change pass as they are.
 */
export class HostileServer {
  /** `host:port` for clients. */
  readonly target: string;
  readonly #real: URL;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #toServer = new Map<string, Meddle<ColdClientFrame>>();
  readonly #toClient = new Map<string, Lie<ColdServerFrame>>();
  /** Changes, drops or adds messages that a group's members are shown, each under the seq that it gives. */
  messages: (messages: readonly ShownMessage[], group: GroupId, victim: Victim) => readonly ShownMessage[] = (same) =>
    same;
  /** Changes the body of a response over HTTP. */
  body: (path: string, body: Buffer, headers: IncomingMessage["headers"]) => Buffer = (_path, body) => body;
  /** Answers after how many bytes of a response over HTTP the connection breaks; undefined if it does not. */
  cutAnswersAfter: (path: string) => number | undefined = () => undefined;
  readonly #connections = new Set<WebSocket>();

  private constructor(real: URL, http: Server, port: number) {
    this.#real = real;
    this.#http = http;
    this.target = `127.0.0.1:${port}`;
    this.#sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
    this.#sockets.on("connection", (client) => this.#connect(client));
    http.on("request", (asked, response) => this.#answer(asked, response));
    open.push(this);
  }

  /** In front of the server at this `ws://…`. */
  static async inFrontOf(url: string): Promise<HostileServer> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new HostileServer(new URL(url), http, portOf(http));
  }

  /** From now on, changes frames of this kind on their way to the real server. */
  onRequest<Kind extends ColdClientFrame["kind"]>(kind: Kind, meddle: Meddle<Of<ColdClientFrame, Kind>>): void {
    this.#toServer.set(kind, (frame, victim) => (isOfKind(frame, kind) ? meddle(frame, victim) : frame));
  }

  /** From now on, replaces replies (and notices) of this kind on their way to clients. */
  onReply<Kind extends ColdServerFrame["kind"]>(kind: Kind, lie: Lie<Of<ColdServerFrame, Kind>>): void {
    this.#toClient.set(kind, (frame, victim) => (isOfKind(frame, kind) ? lie(frame, victim) : frame));
  }

  /** Shows everybody a message that the real server never had. */
  show(group: GroupId, message: ShownMessage, to: (victim: Victim) => boolean = () => true): void {
    const frame = encodeDeliver({ group, firstSeq: message.seq, messages: [message] });
    for (const client of this.#connections) if (to(victimOf(client))) client.send(frame);
  }

  /** Stops lying, and breaks every connection, so that clients ask again. */
  repent(): void {
    this.#toServer.clear();
    this.#toClient.clear();
    this.messages = (same) => same;
    this.body = (_path, body) => body;
    this.cutAnswersAfter = () => undefined;
    this.interrupt();
  }

  interrupt(): void {
    for (const client of this.#connections) client.terminate();
  }

  close(): void {
    this.interrupt();
    this.#sockets.close();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #connect(client: WebSocket): void {
    const victim: Victim = { name: undefined };
    victims.set(client, victim);
    this.#connections.add(client);
    const server = new WebSocket(this.#real, { perMessageDeflate: false });
    const waiting: Uint8Array[] = [];
    server.on("open", () => {
      for (const frame of waiting.splice(0)) server.send(frame);
    });
    client.on("message", (bytes) => {
      const frame = this.#fromClient(bytesOf(bytes), victim);
      if (!frame) return;
      if (server.readyState === WebSocket.OPEN) server.send(frame);
      else waiting.push(frame);
    });
    server.on("message", (bytes) => {
      for (const frame of this.#fromServer(bytesOf(bytes), victim)) client.send(frame);
    });
    client.on("close", () => {
      this.#connections.delete(client);
      server.close();
    });
    server.on("close", () => client.terminate());
    for (const socket of [client, server]) socket.on("error", () => {}); // A close follows.
  }

  #fromClient(bytes: Uint8Array, victim: Victim): Uint8Array | undefined {
    const parsed = parseClientFrame(bytes);
    if (!parsed.ok) throw new Error(parsed.reason.detail);
    const frame = parsed.value;
    const meddle = this.#toServer.get(frame.kind);
    if (!meddle || frame.kind === "send") return bytes;
    const changed = meddle(frame, victim);
    return changed && encodeClientFrame(changed);
  }

  #fromServer(bytes: Uint8Array, victim: Victim): readonly Uint8Array[] {
    const parsed = parseServerFrame(bytes);
    if (!parsed.ok) throw new Error(parsed.reason.detail);
    const frame: ServerFrame = parsed.value;
    if (frame.kind === "deliver") return this.#shown(parseDeliver(bytes), victim);
    if (frame.kind === "ack") return [bytes];
    if (frame.kind === "welcome") victim.name = frame.name;
    const lie = this.#toClient.get(frame.kind);
    if (!lie) return [bytes];
    return [lie(frame, victim) ?? []].flat().map((frame) => encodeServerFrame(frame));
  }

  #shown(parsed: ReturnType<typeof parseDeliver>, victim: Victim): readonly Uint8Array[] {
    if (!parsed.ok) throw new Error(parsed.reason.detail);
    const { group, firstSeq, messages }: DeliverFrame = parsed.value;
    const numbered = messages.map((message, i) => ({ ...message, seq: seqPlus(firstSeq, i) }));
    return this.messages(numbered, group, victim).map((message) =>
      encodeDeliver({ group, firstSeq: message.seq, messages: [message] }),
    );
  }

  #answer(asked: IncomingMessage, response: ServerResponse): void {
    if (asked.url?.split("?")[0] === "/assign") {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ url: `ws://${this.target}/v1`, strategy: "round-robin" }));
      return;
    }
    const { method, headers, url: path = "/" } = asked;
    const { hostname: host, port } = this.#real;
    const passed = request({ host, port, method, path, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => {
        const body = this.body(path, Buffer.concat(pieces), headers);
        const cut = body.length > 0 ? this.cutAnswersAfter(path) : undefined;
        // A chunked body is passed on as a whole: a response has one length.
        const { "transfer-encoding": _, ...answered } = answer.headers;
        response.writeHead(answer.statusCode ?? 500, { ...answered, "content-length": body.length });
        if (cut === undefined) response.end(body);
        else response.write(body.subarray(0, cut), () => response.destroy());
      });
    });
    passed.on("error", () => response.destroy());
    asked.pipe(passed);
  }
}

const victims = new WeakMap<WebSocket, Victim>();
const victimOf = (client: WebSocket) => present(victims.get(client), "the victim behind a socket");

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
