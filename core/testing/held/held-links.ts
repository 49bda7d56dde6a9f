import type { BusPort } from "../../cluster/bus/local-bus.ts";
import { parseLinkFrame } from "../../wire/link-frame.ts";
import type { HeldSteps } from "./held-steps.ts";

/**
 * The two ends of a link between two servers: each frame waits for its turn before it arrives at the other end, in order.
 * `loses` says which kinds of frames never arrive.
 */
export function heldLink(steps: HeldSteps, loses: (kind: string) => boolean): readonly [BusPort, BusPort] {
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
  return [left, right];
}

let links = 0;

class HeldPort implements BusPort {
  passOn: (bytes: Uint8Array) => void = () => {};
  #listener: ((bytes: Uint8Array) => void) | undefined;
  #closed = false;

  on(_event: "message", listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener;
  }

  postMessage(bytes: Uint8Array): void {
    // A copy, since the receiver owns posted bytes.
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
