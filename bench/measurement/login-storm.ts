import { Connection, dialAssigned, logIn, openLeanSocket, signUp } from "../../core/client/index.ts";
import { createIdentity, generateIdentityKeys } from "../../core/e2ee/identity.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { type Clock, systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { type Random, seededRandom } from "../../core/platform/random.ts";
import { Latencies } from "../../loadgen/recorder/recorder.ts";
import { sendWhenDue } from "../../loadgen/workload/pace.ts";
import { Arrivals } from "../../loadgen/workload/schedule.ts";

const credentials = { name: "storm", password: "simulated", effort: "simulated" } as const;

/** Logs one user in again and again, each time on a new connection. */
export class LoginStorm {
  readonly #target: string;
  readonly #random = seededRandom(1);

  constructor(target: string) {
    this.#target = target;
  }

  async signUp(): Promise<void> {
    const identity = createIdentity(credentials.name, await generateIdentityKeys());
    const connection = this.#connection();
    const welcome = await connection.logIn(signUp(opaque, credentials, identity));
    connection.close();
    if (!welcome.ok) throw new Failure("sign_up_failed", welcome.reason.detail, "see the server's log");
  }

  /** As {@link loginsWhenDue}, each on a new connection. */
  run(perSecond: number, seconds: number, signal: AbortSignal): Promise<LoginsResult> {
    const logInOnce = async () => {
      const connection = this.#connection();
      const { ok } = await connection.logIn(logIn(opaque, credentials));
      return { ok, close: () => connection.close() };
    };
    return loginsWhenDue(perSecond, seconds, { clock, random: this.#random, signal, logIn: logInOnce });
  }

  #connection(): Connection {
    const events = { stateChanged() {}, ready() {}, delivered() {}, acknowledged() {}, noticed() {}, blamed() {} };
    const parts = { dial: dialAssigned(this.#target), open: openLeanSocket, clock, random: this.#random.fork() };
    return new Connection(parts, events);
  }
}

export interface LoginsResult {
  /** The time in which logins were due: shorter than was asked for if they were ended early. */
  readonly seconds: number;
  readonly succeeded: number;
  readonly failed: number;
  /** From when a login was due until its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Open loop: logins are due at even distances, whether or not the server keeps up. Ends early when the signal is aborted. */
export async function loginsWhenDue(
  perSecond: number,
  seconds: number,
  parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly signal: AbortSignal;
    /** Logs in once; what it answers is closed when its time has been taken. */
    logIn(): Promise<{ readonly ok: boolean; close(): void }>;
  },
): Promise<LoginsResult> {
  const { random, signal } = parts;
  const latencies = new Latencies();
  let succeeded = 0;
  let failed = 0;
  const underWay: Promise<void>[] = [];
  const startMs = parts.clock.monotonic();
  const pace = { clock: parts.clock, startMs, untilMs: startMs + seconds * 1000, stopped: () => signal.aborted };
  await sendWhenDue(new Arrivals("constant", perSecond, random), pace, (dueMs) => {
    const done = parts.logIn().then((login) => {
      latencies.record((parts.clock.monotonic() - dueMs) * 1000);
      if (login.ok) succeeded++;
      else failed++;
      login.close();
    });
    underWay.push(done);
  });
  // The last login is due before the time is over.
  const tookSeconds = signal.aborted ? Math.min(seconds, (parts.clock.monotonic() - startMs) / 1000) : seconds;
  await Promise.all(underWay);
  const quantiles = latencies.quantiles();
  return { seconds: tookSeconds, succeeded, failed, p50Ms: quantiles?.p50 ?? 0, p99Ms: quantiles?.p99 ?? 0 };
}
