import type { Cancel, Clock } from "../../platform/clock.ts";

/** How long a client waits for signs of life before it takes a connection for dead. */
export interface Patience {
  /** Silence after which the server is asked for a sign of life. */
  readonly silenceMs: number;
  /** How long it may be silent then. */
  readonly answerMs: number;
  /** How long a message may be without an acknowledgement or a refusal. */
  readonly outcomeMs: number;
  /** Between two looks; each of the others is exceeded by so much at most. */
  readonly periodMs: number;
}

/** That of people's clients: a dead connection is left after ten seconds at most. */
export const patienceOfPeople: Patience = { silenceMs: 4000, answerMs: 4000, outcomeMs: 7000, periodMs: 1000 };

/**
 * That of clients which load a deployment to measure it: a server that is slow is to be measured, not left. Ten thousand of them look
 * at their connections so seldom that it costs nothing.
 */
export const patienceUnderLoad: Patience = {
  silenceMs: 20_000,
  answerMs: 10_000,
  outcomeMs: 30_000,
  periodMs: 5000,
};

/** What a pulse is taken of. */
export interface Pulsing {
  /** Grows with whatever arrives. */
  readonly bytesRead: number;
  /** Asks the other end for a sign of life. */
  probe(): void;
}

/** A look that comes later than this was kept from coming: the machine slept, or the process stood still. */
const sleptMsMin = 2000;

/**
 * Finds out that a connection is dead although nobody closed it: a relay that forgot it drops its bytes, and a server that is frozen
 * answers nothing. After a machine's sleep it asks at once, since its connections have seldom outlived that.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #of: Pulsing;
  readonly #dead: (forMs: number) => void;
  readonly #cancel: Cancel;
  #bytesRead: number;
  #heardAtMs: number;
  #askedAtMs: number | undefined;
  #lookedAt: { readonly monotonic: number; readonly wall: number };

  /** Calls `dead`, once, with how long the other end has been silent. */
  constructor(clock: Clock, patience: Patience, of: Pulsing, dead: (forMs: number) => void) {
    this.#clock = clock;
    this.#patience = patience;
    this.#of = of;
    this.#dead = dead;
    this.#bytesRead = of.bytesRead;
    this.#lookedAt = this.#now();
    this.#heardAtMs = this.#lookedAt.monotonic;
    this.#cancel = clock.every(patience.periodMs, () => this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  #now() {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.now() };
  }

  #look(): void {
    const { silenceMs, answerMs } = this.#patience;
    const now = this.#now();
    const slept = this.#hasSlept(now);
    this.#lookedAt = now;
    const { bytesRead } = this.#of;
    if (bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#heardAtMs = now.monotonic;
      this.#askedAtMs = undefined;
    }
    const silentMs = now.monotonic - this.#heardAtMs;
    // What came meanwhile has not been read yet, so an old question says nothing.
    if (slept || (this.#askedAtMs === undefined && silentMs >= silenceMs)) {
      this.#askedAtMs = now.monotonic;
      this.#of.probe();
    } else if (this.#askedAtMs !== undefined && now.monotonic - this.#askedAtMs >= answerMs) {
      this.stop();
      this.#dead(silentMs);
    }
  }

  /** The monotonic clock stands still while a machine sleeps, and goes on while a process is stopped; the other one shows both. */
  #hasSlept({ monotonic, wall }: { readonly monotonic: number; readonly wall: number }): boolean {
    const passedMs = Math.max(monotonic - this.#lookedAt.monotonic, wall - this.#lookedAt.wall);
    return passedMs >= this.#patience.periodMs + sleptMsMin;
  }
}
