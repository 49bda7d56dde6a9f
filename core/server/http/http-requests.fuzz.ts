import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { bytesOf, fixedKey, fixedNow, fixture } from "../../fuzz/fixture.ts";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { silentLog } from "../../platform/log.ts";
import { accepted, refused } from "../../platform/result.ts";
import { copyEnd, copyRow, copySignature } from "../../store/copy-binary.ts";
import { chunkCount, storedBytes, storedChunkBytes } from "../../wire/attachment.ts";
import { type GroupId, groupId, userId } from "../../wire/ids.ts";
import { SessionTokens } from "../sessions/tokens.ts";
import { databaseDouble, followedGroup } from "../testing/doubles.ts";
import { httpRequest, type NodeResponse, requestHead } from "../transport/node-http.ts";
import { Proxies } from "../transport/proxies.ts";
import { AttachmentRoutes } from "./attachment-routes.ts";

const tokens = new SessionTokens(fixedKey, 86_400_000);
const token = bytesOf(fixture().sessionToken);
const id = Buffer.alloc(16, 0xab);
const size = 150_000;

/** A database that has one attachment. */
const database = databaseDouble(
  async ({ text, values = [] }) => {
    if (text.includes("FROM attachments WHERE id")) {
      const [asked] = values;
      const isKnown = asked instanceof Uint8Array && id.equals(asked);
      return isKnown ? [{ id, group: 7, owner: 1, size, complete: true }] : [];
    }
    return text.includes("coalesce(sum(size)") ? [{ bytes: 0 }] : [];
  },
  {
    async copyOut(query) {
      const asked = /index >= (\d+) AND index < (\d+) /.exec(query);
      const [from, to] = [Number(asked?.[1]), Number(asked?.[2])];
      assert.ok(from >= 0 && from < to && to <= chunkCount(size), "chunks are read that do not exist");
      const rows = Array.from({ length: to - from }, (_, i) => copyRow(Buffer.alloc(storedChunkBytes(size, from + i))));
      return Buffer.concat([copySignature, ...rows.flat(), copyEnd]);
    },
  },
);

const group = followedGroup(groupId(7), [userId(1)]);
const groupAt = async (asked: GroupId) => (asked === group.id ? group : undefined);

const routes = new AttachmentRoutes(
  {
    tokens,
    database,
    clock: { now: () => fixedNow + 1000 },
    revoked: { has: () => false },
    groups: { follow: groupAt, reload: groupAt },
    users: { of: () => [] },
    log: silentLog,
    isDatabaseAway: () => false,
  },
  { bytesMax: 25 * 1024 * 1024, quotaBytes: 1024 ** 3 },
);

/** A response of Node's HTTP server, which keeps what is written to it. */
class Response extends EventEmitter implements NodeResponse {
  status = 0;
  announced: number | undefined;
  bytes = 0;
  destroyed = false;
  ends = 0;
  readonly #ended: () => void;

  get headersSent(): boolean {
    return this.status !== 0;
  }

  constructor(ended: () => void) {
    super();
    this.#ended = ended;
  }

  writeHead(status: number, headers: Record<string, string>): this {
    assert.equal(this.status, 0, "answered twice");
    this.status = status;
    for (const value of Object.values(headers)) assert.match(value, /^[\t -~]*$/, "a header that breaks the answer");
    this.announced = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
    return this;
  }

  write(piece: Uint8Array): boolean {
    this.bytes += piece.length;
    return true;
  }

  end(body: Uint8Array = Buffer.alloc(0)): void {
    this.bytes += body.length;
    this.ends++;
    this.#ended();
  }

  destroy(): void {
    this.destroyed = true;
    this.#ended();
  }
}

/** Sends a request whose bytes are its method, target, authorization and range, a line each, and then the body. */
async function ask(bytes: Uint8Array) {
  const text = Buffer.from(bytes).toString("latin1");
  const [method = "", url = "", authorization = "", range = ""] = text.split("\n", 4);
  const body = text.split("\n").slice(4).join("\n");
  const request = Object.assign(Readable.from([Buffer.from(body, "latin1")]), {
    method,
    url,
    httpVersion: "1.1",
    socket: { remoteAddress: "192.0.2.1" },
    rawHeaders: ["Authorization", authorization, ...(range === "" ? [] : ["Range", range])],
  });
  return new Promise<Response | undefined>((resolve) => {
    const response: Response = new Response(() => resolve(response));
    const asked = httpRequest(requestHead(request, new Proxies({})), request, response);
    if (!routes.route(asked)) resolve(undefined);
  });
}

const path = `/v1/attachments/${id.toString("hex")}`;
const bearer = `Bearer ${Buffer.from(token).toString("base64url")}`;
const request = (method: string, target: string, range = "", body = "") =>
  Buffer.from([method, target, bearer, range, body].join("\n"), "latin1");

export const targets: readonly FuzzTarget[] = [
  {
    name: "attachment-requests",
    bytesMax: 16 * 1024,
    words: [
      ..."GET PUT DELETE Bearer bytes= -1 0-0 0- -5 ,5-9 0,-1 99999999 9007199254740992 1e9 0x10 NaN".split(" "),
      "/v1/attachments/",
      `/${id.toString("hex")}`,
      "/0",
      "?group=7&size=5",
      "%00",
      "\n",
    ],
    seeds: () => [
      request("GET", path),
      request("GET", path, "bytes=0-99"),
      request("GET", path, "bytes=65000-131200"),
      request("GET", path, "bytes=-1"),
      request("GET", path, "bytes=0-1,5-9"),
      request("PUT", `${path}?group=7&size=150000`),
      request("PUT", `/v1/attachments/${"0".repeat(32)}?group=7&size=5`),
      request("PUT", `${path}/2`, "", "x".repeat(100)),
      request("DELETE", path),
    ],
    async run(bytes) {
      const response = await ask(bytes);
      if (!response) return refused("not for attachments");
      const { status, announced, bytes: sent, ends, destroyed } = response;
      assert.ok(!destroyed, "broken off, though nothing is missing");
      assert.equal(ends, 1, "not answered, or twice");
      assert.notEqual(status, 500, "the server could not do it");
      if (status === 200 || status === 206) assert.equal(sent, announced ?? sent, "another length than announced");
      if (announced !== undefined) assert.ok(announced > 0 && announced <= storedBytes(size));
      return status < 300
        ? accepted(`${status}`)
        : refused(`status ${String(status).replace(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)))}`);
    },
    growth: {
      "many ranges": (bytes) => request("GET", path, `bytes=${"0-0,".repeat(bytes / 4)}`),
      "a long path": (bytes) => request("GET", `${path}/${"1".repeat(bytes)}`),
      "many parameters": (bytes) => request("PUT", `${path}?${"group=7&".repeat(bytes / 8)}`),
    },
  },
  {
    // Only a token that this deployment has issued is accepted.
    name: "session-tokens",
    bytesMax: 300,
    seeds: () => [token],
    run(bytes) {
      const checked = tokens.check(bytes, fixedNow + 1000);
      assert.equal(checked.ok, Buffer.from(token).equals(bytes), "a token that nobody has issued");
      return checked;
    },
  },
];
