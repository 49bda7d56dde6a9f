import type { MessagePort } from "node:worker_threads";
import { parseLinkFrame } from "../../wire/link-frame.ts";
import type { HeldSteps } from "./held-steps.ts";

/**
 * The two ends of a link between two servers: what goes in at one end waits for its turn to come out at the other, in order.
 * `loses` says what never comes out.
 */
export function heldLink(steps: HeldSteps, loses: (kind: string) => boolean): readonly [MessagePort, MessagePort] {
  const [left, right] = [new HeldPort(), new HeldPort()];
  const connect = (from: HeldPort, to: HeldPort, lane: string) => {
    from.passOn = (bytes) => {
      const parsed = parseLinkFrame(bytes);
      if (!parsed.ok) throw new Error(parsed.reason.detail);
      if (!loses(parsed.value.kind)) steps.hold(() => to.receive(bytes), lane);
    };
  };
  const link = links++;
  connect(left, right, `link ${link} there`);
  connect(right, left, `link ${link} back`);
  return [left, right].map((port) => port as unknown as MessagePort) as [MessagePort, MessagePort];
}

let links = 0;

/** As much of a message port as the bus uses. */
class HeldPort {
  passOn: (bytes: Uint8Array) => void = () => {};
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #closed = false;

  on(_event: "message", listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  postMessage(bytes: Uint8Array): void {
    // A copy: what is posted is the receiver's.
    if (!this.#closed) this.passOn(Uint8Array.from(bytes));
  }

  receive(bytes: Uint8Array): void {
    if (!this.#closed) this.#listener?.(bytes);
  }

  close(): void {
    this.#closed = true;
  }

  unref(): void {}
}
