import type { Pool } from "../../platform/pool.ts";
import type { Parsed } from "../../platform/result.ts";
import { generateIdentityKeys, type IdentityKeyPairs } from "../identity.ts";
import { type UnwrapJob, unwrapKey, type WrapJob, wrapKey } from "../key-wrap.ts";
import * as opaque from "../opaque-client.ts";
import type { RsaWorker } from "../rsa-fernet.ts";
import { inlineRsa } from "../rsa-inline.ts";

/** The slow computations of a person's client as pool tasks, so that no keystroke waits for them. Runs in the pool's threads. */
export const generateKeys = (): Promise<IdentityKeyPairs> => generateIdentityKeys();

export const finishRegistration = (args: Parameters<typeof opaque.finishRegistration>) =>
  opaque.finishRegistration(...args);

export const finishLogin = (args: Parameters<typeof opaque.finishLogin>) => opaque.finishLogin(...args);

export const wrap = (jobs: readonly WrapJob[]): Uint8Array[] => jobs.map(wrapKey);

export const unwrap = (job: UnwrapJob): Parsed<Uint8Array> => unwrapKey(job);

/**
 * Up to so many wraps are computed in the calling thread. A task for another thread costs 80 µs of CPU, as much as two or
 * three wraps; it would hold the event loop for 20 µs, and one wrap for 33, which nobody notices
 * (`fastchat bench micro crypto`).
 */
export const inlineWrapsMax = 3;
/**
 * Wraps of one task: 3.5 ms of a thread, of which handing the task over is a fiftieth. With fewer, a large group's new key
 * takes longer; with more, other tasks wait longer behind one, and the threads share a group less evenly.
 */
export const wrapsPerTask = 100;

type TaskPool = Pick<Pool, "run">;

/** Computes in a pool that is made with this module for the first task; in the calling thread when the pool's queue is full. */
export class PooledClientCrypto implements RsaWorker {
  readonly #pool: () => TaskPool | Promise<TaskPool>;
  readonly #limits: { readonly inlineWrapsMax: number; readonly wrapsPerTask: number };

  constructor(pool: () => TaskPool | Promise<TaskPool>, limits = { inlineWrapsMax, wrapsPerTask }) {
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
