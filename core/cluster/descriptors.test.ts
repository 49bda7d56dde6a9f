import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { WebSocket } from "ws";
import { endOf, type StartedCommand, startCommand, untilItServes } from "../testing/command-line.ts";
import { freshDatabase } from "../testing/database.ts";
import { groupOf, person } from "../testing/person.ts";
import { RawConnection, upgradeRequest } from "../testing/raw-connection.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";
import { devCertificate } from "./tls/dev-certificates.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "descriptors-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Serving {
  readonly command: StartedCommand;
  readonly port: number;
  readonly target: string;
  /** How many lines of the log say this. */
  says(text: string): number;
}

let servings = 0;

/** Starts `fastchat serve` in a process that may have `descriptorsMax` files and sockets open. */
async function serve(descriptorsMax: number, ...options: readonly string[]): Promise<Serving> {
  const dataDir = path.join(scratch, String(servings++));
  const args = ["serve", "--port", "0", "--database", await freshDatabase(), "--data-dir", dataDir, ...options];
  const command = startCommand(args, { cwd: scratch, descriptorsMax });
  const target = await untilItServes(command);
  const says = (text: string) =>
    command
      .err()
      .split("\n")
      .filter((line) => line.includes(text)).length;
  return { command, port: Number(new URL(`http://${target}`).port), target, says };
}

async function stop({ command }: Serving): Promise<void> {
  command.child.kill("SIGINT");
  assert.equal(await command.ended, 0, command.err());
}

async function answersHealth(port: number, paths = ["/healthz", "/readyz", "/metrics"]): Promise<void> {
  for (const asked of paths) assert.equal((await fetch(`http://127.0.0.1:${port}${asked}`)).status, 200, asked);
}

/** Opens connections, a few at a time, over which nothing is sent, or `said`. */
async function openIdle(port: number, count: number, said = ""): Promise<RawConnection[]> {
  const connections: RawConnection[] = [];
  while (connections.length < count) {
    const more = Array.from({ length: 20 }, () => new RawConnection(port));
    await Promise.all(more.map((connection) => connection.connected()));
    for (const connection of more) connection.send(said);
    connections.push(...more);
  }
  return connections;
}

interface OpenSocket {
  readonly socket: WebSocket;
  code: number | undefined;
}

function openSocket(url: string): OpenSocket {
  const opened: OpenSocket = { socket: new WebSocket(url), code: undefined };
  opened.socket.on("error", () => {});
  opened.socket.on("close", (code) => {
    opened.code = code;
  });
  return opened;
}

/** The status of an answer under TLS; the server's certificate is not checked. */
function tlsStatus(port: number, asked: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path: asked, rejectUnauthorized: false, agent: false };
    get(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

const onWindows = process.platform === "win32";
/** More connections than any of these processes may open. */
const many = 450;

for (const transport of transportsHere) {
  suite(`a process that may open little, over ${transport}`, { skip: onWindows }, () => {
    let serving: Serving;
    before(async () => {
      serving = await serve(256, "--transport", transport, "--connections-max", "1000000");
    });
    after(() => stop(serving));

    test("logs at its start how many connections it takes, where the settings ask for more", () => {
      assert.equal(serving.says("not 1000000"), 1, serving.command.err());
    });

    for (const [what, said] of [
      ["send nothing", ""],
      ["send half a request", "GET /healthz HTTP/1.1\r\nHo"],
    ] as const) {
      test(`answers health checks and clients while hundreds of connections ${what}`, async () => {
        const idle = await openIdle(serving.port, many, said);
        for (let i = 0; i < 5; i++) await answersHealth(serving.port);
        const somebody = await person(serving.target, `somebody${said.length}`);
        const group = await groupOf(somebody);
        assert.ok((await somebody.say(group, "I am here")).ok);
        await somebody.client.close();
        for (const connection of idle) connection.destroy();
      });
    }

    test("refuses connections over its bound as server_full, and goes on answering", async () => {
      const bound = Number(/a server takes (\d+) connections/.exec(serving.command.err())?.[1]);
      assert.ok(bound > 50 && bound < 256, `${bound} connections`);
      const sockets: OpenSocket[] = [];
      const isRefused = ({ code }: OpenSocket) => code === 4008;
      // Connections that have not logged in for 10 s are closed, and others are taken instead.
      while (sockets.filter(isRefused).length < 60 && sockets.length < 20 * bound) {
        const more = Array.from({ length: 10 }, () => openSocket(`ws://127.0.0.1:${serving.port}/v1`));
        sockets.push(...more);
        await until(() => more.every(({ socket }) => socket.readyState !== WebSocket.CONNECTING), "they have answers");
      }
      await until(() => sockets.filter(isRefused).length >= 60, "60 are refused (server_full)");
      await answersHealth(serving.port);
      for (const { socket } of sockets) socket.terminate();
      await until(async () => {
        const late = openSocket(`ws://127.0.0.1:${serving.port}/v1`);
        await until(() => late.socket.readyState !== WebSocket.CONNECTING, "it has an answer");
        await answersHealth(serving.port, ["/healthz"]);
        const stays = late.code === undefined && late.socket.readyState === WebSocket.OPEN;
        late.socket.terminate();
        return stays;
      }, "there is room again");
    });

    test("answers while hundreds of WebSockets stay after it has closed them", async () => {
      const staying = await openIdle(serving.port, many, upgradeRequest());
      for (let i = 0; i < 5; i++) await answersHealth(serving.port);
      for (const status of [" 101 ", " 503 "])
        await until(() => staying.some((one) => one.has(status)), `one has the answer${status}`);
      for (const connection of staying) connection.destroy();
    });

    test("logs that it has run short of descriptors, but not for each connection", () => {
      for (const text of ["may open no more sockets", "this server is full;"]) {
        const lines = serving.says(text);
        assert.ok(lines > 0 && lines < 10, `${lines} lines say: ${text}`);
      }
    });
  });

  test(`the servers' front door answers under TLS while hundreds of connections begin no handshake (${transport})`, {
    skip: onWindows,
  }, async () => {
    const { certFile, keyFile } = devCertificate(path.join(scratch, transport), "127.0.0.1", new Date());
    const files = ["--tls-cert", certFile, "--tls-key", keyFile];
    const serving = await serve(400, "--transport", transport, "--servers", "2", ...files);
    const idle = await openIdle(serving.port, many);
    for (let i = 0; i < 5; i++) {
      for (const asked of ["/healthz", "/assign"]) assert.equal(await tlsStatus(serving.port, asked), 200, asked);
    }
    for (const connection of idle) connection.destroy();
    await stop(serving);
  });
}

test("a process that may open too few descriptors does not serve, and says how many it takes", {
  skip: onWindows,
}, async () => {
  const args = ["serve", "--port", "0", "--servers", "4", "--database", "postgres://127.0.0.1:1/none"];
  const { code, err } = await endOf(startCommand(args, { cwd: scratch, descriptorsMax: 128 }));
  assert.equal(code, 1);
  assert.match(err, /^descriptors_too_few: this process may have 128 .*\nraise the limit to \d+ or more/m);
});
