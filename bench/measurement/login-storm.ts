import { Connection, dialAssigned, logIn, openLeanSocket, signUp } from "../../core/client/index.ts";
import { createIdentity, generateIdentityKeys } from "../../core/e2ee/identity.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { seededRandom } from "../../core/platform/random.ts";
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

  /** Open loop: logins are due at even distances, whether or not the server keeps up. Ends early when the signal is aborted. */
  async run(perSecond: number, seconds: number, signal: AbortSignal) {
    const latencies = new Latencies();
    let succeeded = 0;
    let failed = 0;
    const underWay: Promise<void>[] = [];
    const startMs = clock.monotonic();
    const pace = { clock, startMs, untilMs: startMs + seconds * 1000, stopped: () => signal.aborted };
    await sendWhenDue(new Arrivals("constant", perSecond, this.#random), pace, (dueMs) => {
      const connection = this.#connection();
      const done = connection.logIn(logIn(opaque, credentials)).then((welcome) => {
        latencies.record((clock.monotonic() - dueMs) * 1000);
        if (welcome.ok) succeeded++;
        else failed++;
        connection.close();
      });
      underWay.push(done);
    });
    const tookSeconds = Math.min(seconds, (clock.monotonic() - startMs) / 1000);
    await Promise.all(underWay);
    const quantiles = latencies.quantiles();
    return { seconds: tookSeconds, succeeded, failed, p50Ms: quantiles?.p50 ?? 0, p99Ms: quantiles?.p99 ?? 0 };
  }

  #connection(): Connection {
    const events = { stateChanged() {}, ready() {}, delivered() {}, acknowledged() {}, noticed() {} };
    const parts = { dial: dialAssigned(this.#target), open: openLeanSocket, clock, random: this.#random.fork() };
    return new Connection(parts, events);
  }
}
