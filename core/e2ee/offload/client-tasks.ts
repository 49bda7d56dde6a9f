import type { Pool } from "../../platform/pool.ts";
import type { Parsed } from "../../platform/result.ts";
import { generateIdentityKeys, type IdentityKeyPairs } from "../identity.ts";
import { type UnwrapJob, unwrapKey, type WrapJob, wrapKey } from "../key-wrap.ts";
import * as opaque from "../opaque-client.ts";
import type { RsaWorker } from "../rsa-fernet.ts";
import { inlineRsa } from "../rsa-inline.ts";

/** A person's own arithmetic as pool tasks: what a keystroke would have to wait for. Runs in the pool's threads. */
export const generateKeys = (): Promise<IdentityKeyPairs> => generateIdentityKeys();

export const finishRegistration = (args: Parameters<typeof opaque.finishRegistration>) =>
  opaque.finishRegistration(...args);

export const finishLogin = (args: Parameters<typeof opaque.finishLogin>) => opaque.finishLogin(...args);

export const wrap = (jobs: readonly WrapJob[]): Uint8Array[] => jobs.map(wrapKey);

export const unwrap = (job: UnwrapJob): Parsed<Uint8Array> => unwrapKey(job);

/**
 * So many wraps, and fewer, are done where they are asked for: the way to another thread and back costs 80 µs of CPU, as
 * much as two or three of them. The event loop would be held for less time even by one (20 µs instead of 33), which nobody
 * feels (`fastchat bench micro crypto`).
 */
export const inlineWrapsMax = 3;
/**
 * Wraps of one task: 3.5 ms of a thread, of which the way there and back is a fiftieth. With fewer, a large group's new key
 * takes longer; with more, so does whatever waits behind a task, and a pool's threads share a group less evenly.
 */
export const wrapsPerTask = 100;

/** What a person's client computes, in a pool made with this module for the first task. Done here when its queue is full. */
export class PooledClientCrypto implements RsaWorker {
  readonly #pool: () => Pool | Promise<Pool>;
  readonly #limits: { readonly inlineWrapsMax: number; readonly wrapsPerTask: number };

  constructor(pool: () => Pool | Promise<Pool>, limits = { inlineWrapsMax, wrapsPerTask }) {
    this.#pool = pool;
    this.#limits = limits;
  }

  readonly startRegistration = opaque.startRegistration;
  readonly startLogin = opaque.startLogin;

  generateKeys(): Promise<IdentityKeyPairs> {
    return this.#run("generateKeys", undefined, generateKeys);
  }

  finishRegistration(...args: Parameters<typeof opaque.finishRegistration>) {
    return this.#run("finishRegistration", args, finishRegistration);
  }

  finishLogin(...args: Parameters<typeof opaque.finishLogin>) {
    return this.#run("finishLogin", args, finishLogin);
  }

  async wrap(jobs: readonly WrapJob[]): Promise<Uint8Array[]> {
    const { inlineWrapsMax, wrapsPerTask } = this.#limits;
    if (jobs.length <= inlineWrapsMax) return inlineRsa.wrap(jobs);
    const tasks: Promise<Uint8Array[]>[] = [];
    for (let from = 0; from < jobs.length; from += wrapsPerTask) {
      tasks.push(this.#run("wrap", jobs.slice(from, from + wrapsPerTask), wrap));
    }
    return (await Promise.all(tasks)).flat();
  }

  unwrap(job: UnwrapJob): Promise<Parsed<Uint8Array>> {
    return this.#run("unwrap", job, unwrap);
  }

  async #run<Input, Output>(
    task: string,
    input: Input,
    here: (input: Input) => Output | Promise<Output>,
  ): Promise<Output> {
    const ran = await (await this.#pool()).run<Output>(task, input);
    return ran.ok ? ran.value : here(input);
  }
}

export const clientTasksFile = import.meta.filename;
