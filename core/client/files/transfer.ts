import type { IncomingMessage } from "node:http";
import { backOffMs } from "../../platform/back-off.ts";
import { type Clock, sleep } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { type HttpErrorCode, isHttpErrorCode } from "../../wire/errors.ts";
import type { Dial } from "../socket/dial.ts";
import { type HttpAsked, httpOpen } from "../socket/http.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";

export interface TransferOptions {
  /** Called with the bytes of the file that are done, and all that it has. */
  onProgress?(done: number, of: number): void;
  readonly signal?: AbortSignal | undefined;
}

/** Why a file was not sent or fetched. Another attempt goes on from what was done so far. */
export interface TransferRefusal {
  readonly code:
    | HttpErrorCode
    | "offline"
    | "cancelled"
    /** The server's bytes are not those that the sender sealed. */
    | "attachment_tampered"
    | "file_unreadable"
    | "file_changed"
    | "file_unwritable"
    | "file_exists"
    /** The text beside the file. */
    | "payload_too_large"
    /** The metadata of an image cannot be removed. */
    | "metadata_not_removable";
  readonly detail: string;
}

/** Thrown to end a transfer; {@link transfer} makes a refusal of it. */
export class TransferEnd extends Error {
  readonly reason: TransferRefusal;

  constructor(code: TransferRefusal["code"], detail: string) {
    super(detail);
    this.reason = { code, detail };
  }
}

/** Runs a transfer; a {@link TransferEnd} within it is the refusal. */
export async function transfer<T>(work: () => Promise<T>): Promise<Result<T, TransferRefusal>> {
  try {
    return accepted(await work());
  } catch (cause) {
    if (cause instanceof TransferEnd) return refused(cause.reason);
    throw cause;
  }
}

/** How long a transfer goes on asking without an answer. */
const patienceMs = 30_000;
/** Pauses between attempts while no server answers, or the server is busy. */
const retries = { msMin: 200, msMax: 5000, jitter: "full" } as const;
const answerLengthMax = 1024 * 1024;

export function attachmentPath(id: Uint8Array, index?: number): string {
  const whole = `/v1/attachments/${Buffer.from(id).toString("hex")}`;
  return index === undefined ? whole : `${whole}/${index}`;
}

/** Requests about attachments, to one server as long as it answers, and then to another. */
export class AttachmentServer {
  readonly #dial: Dial;
  readonly #tls: TlsTrust | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #token: () => Uint8Array | undefined;
  /** The URL of the server that answered last, so that a file's chunks are not balanced one by one. */
  #url: string | undefined;

  /** `token` is called for each request; it returns undefined while nobody is logged in. */
  constructor(parts: {
    dial: Dial;
    tls: TlsTrust | undefined;
    clock: Clock;
    random: Random;
    token: () => Uint8Array | undefined;
  }) {
    this.#dial = parts.dial;
    this.#tls = parts.tls;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#token = parts.token;
  }

  /**
   * Sends a request until there is an answer, with pauses while no server can be reached or the server is busy, but not for
   * ever. The caller reads the answer's body; a final refusal ends the transfer.
   */
  async ask(path: string, asked: Omit<HttpAsked, "tls">): Promise<IncomingMessage> {
    const deadline = this.#clock.monotonic() + patienceMs;
    for (let failures = 1; ; failures++) {
      const outcome = await this.#askOnce(path, asked);
      if (outcome.ok) return outcome.value;
      if (asked.signal?.aborted) throw new TransferEnd("cancelled", "it was cancelled");
      const { code, detail } = outcome.reason;
      const passes = code === "offline" || code === "busy" || code === "internal";
      if (!passes || this.#clock.monotonic() > deadline) throw new TransferEnd(code, detail);
      this.#url = undefined;
      await sleep(this.#clock, backOffMs(failures, retries, this.#random), asked.signal);
    }
  }

  async #askOnce(path: string, asked: Omit<HttpAsked, "tls">): Promise<Result<IncomingMessage, TransferRefusal>> {
    const token = this.#token();
    if (!token) return refused({ code: "unauthorized", detail: "nobody is logged in" });
    const dialled = this.#url === undefined ? await this.#dial() : accepted(this.#url);
    if (!dialled.ok) return refused({ code: "offline", detail: dialled.reason.detail });
    this.#url = dialled.value;
    const url = new URL(`.${path}`, dialled.value.replace(/^ws/, "http"));
    const authorization = `Bearer ${Buffer.from(token).toString("base64url")}`;
    try {
      const response = await httpOpen(url, { ...asked, tls: this.#tls, headers: { ...asked.headers, authorization } });
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return accepted(response);
      return refused(refusalOf(await textOf(response), status));
    } catch (cause) {
      return refused({ code: "offline", detail: messageOf(cause) });
    }
  }
}

/** An answer that is a text; cut where it is longer than any that an honest server sends. */
export async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  const body: AsyncIterable<Buffer> = response;
  for await (const piece of body) {
    text += piece.toString();
    if (text.length > answerLengthMax) break;
  }
  return text;
}

function refusalOf(text: string, status: number): TransferRefusal {
  const [code = "", ...rest] = text.trim().split(": ");
  if (isHttpErrorCode(code)) return { code, detail: rest.join(": ") };
  return { code: status >= 500 ? "internal" : "bad_request", detail: `the server answers ${status}` };
}
