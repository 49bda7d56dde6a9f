import type { IncomingMessage } from "node:http";
import { backOffMs } from "../../platform/back-off.ts";
import { type Clock, sleep } from "../../platform/clock.ts";
import { messageOf } from "../../platform/failure.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { type HttpErrorCode, httpErrorCodes } from "../../wire/errors.ts";
import type { Dial } from "../socket/dial.ts";
import { type HttpAsked, httpOpen } from "../socket/http.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";

export interface TransferOptions {
  /** Bytes of the file that are done, of all. */
  onProgress?(done: number, of: number): void;
  readonly signal?: AbortSignal | undefined;
}

/** Why a file was not sent or fetched. What was done so far stays, and another try goes on from there. */
export interface TransferRefusal {
  readonly code:
    | HttpErrorCode
    | "offline"
    | "cancelled"
    /** What the server has is not what the sender sealed. */
    | "attachment_tampered"
    | "file_unreadable"
    | "file_changed"
    | "file_unwritable"
    | "file_exists"
    /** An image whose metadata cannot be taken out. */
    | "metadata_not_removable";
  readonly detail: string;
}

/** Ends a transfer from within; {@link transfer} makes a value of it. */
export class TransferEnd extends Error {
  readonly reason: TransferRefusal;

  constructor(code: TransferRefusal["code"], detail: string) {
    super(detail);
    this.reason = { code, detail };
  }
}

/** Runs a transfer; refused with why it ended, when that was to be expected. */
export async function transfer<T>(work: () => Promise<T>): Promise<Result<T, TransferRefusal>> {
  try {
    return accepted(await work());
  } catch (cause) {
    if (cause instanceof TransferEnd) return refused(cause.reason);
    throw cause;
  }
}

/** Without an answer for so long, a transfer is given up. */
const patienceMs = 30_000;
/** Pauses between tries while no server answers, or it is busy. */
const retries = { msMin: 200, msMax: 5000 };
const answerLengthMax = 1024 * 1024;

export function attachmentPath(id: Uint8Array, index?: number): string {
  const whole = `/v1/attachments/${Buffer.from(id).toString("hex")}`;
  return index === undefined ? whole : `${whole}/${index}`;
}

/** Where attachments are kept: whichever server answers, as long as it does. */
export class AttachmentServer {
  readonly #dial: Dial;
  readonly #tls: TlsTrust | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #token: () => Uint8Array | undefined;
  /** Of the server that answered last: a file's chunks need not be balanced one by one. */
  #url: string | undefined;

  /** `token` is asked for each request; it answers nothing while nobody is logged in. */
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
   * Asks until there is an answer: waits while no server can be reached or it is busy, but not for ever. The answer's body is
   * still to be read; what is refused for good ends the transfer.
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
    const url = new URL(path, dialled.value.replace(/^ws/, "http"));
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

/** An answer that is a text: as much of it as an honest server says. */
export async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of response as AsyncIterable<Buffer>) {
    text += piece.toString();
    if (text.length > answerLengthMax) break;
  }
  return text;
}

function refusalOf(text: string, status: number): TransferRefusal {
  const [code = "", ...rest] = text.trim().split(": ");
  if (code in httpErrorCodes) return { code: code as HttpErrorCode, detail: rest.join(": ") };
  return { code: status >= 500 ? "internal" : "bad_request", detail: `the server answers ${status}` };
}
