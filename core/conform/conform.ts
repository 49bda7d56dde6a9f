import type { TlsTrust } from "../client/index.ts";
import { generateIdentityKeys } from "../e2ee/identity.ts";
import type { Clock } from "../platform/clock.ts";
import { Failure } from "../platform/failure.ts";
import type { TwoKeyPairs } from "./case-context.ts";
import type { ConformCase } from "./conform-case.ts";
import { ConformSocket } from "./conform-socket.ts";
import { Unmet } from "./expectation.ts";
import { type CaseResult, runCases } from "./run-cases.ts";
import { type Target, targetAt } from "./target.ts";

export interface ConformParts {
  readonly address: string;
  readonly tls: TlsTrust;
  readonly clock: Clock;
  readonly cases: readonly ConformCase[];
  readonly signal?: AbortSignal;
  /** Made here where they are not given. */
  readonly keys?: TwoKeyPairs;
  tell(result: CaseResult): void;
}

/** Runs cases against whatever server is at an address. Throws a `Failure` when none can be reached there. */
export async function conform({ address, tls, clock, cases, signal, keys, tell }: ConformParts): Promise<CaseResult[]> {
  const target = targetAt(address, tls);
  await reach(address, target, clock);
  const pairs = keys ?? (await Promise.all([generateIdentityKeys(), generateIdentityKeys()]));
  return runCases(cases, { target, clock, keys: pairs }, tell, signal);
}

async function reach(address: string, target: Target, clock: Clock): Promise<void> {
  let socket: ConformSocket | undefined;
  try {
    socket = new ConformSocket(await target.socketUrl(), { clock, tls: target.tls });
    await socket.opened();
  } catch (cause) {
    if (!(cause instanceof Unmet)) throw cause;
    throw new Failure(
      "server_unreachable",
      `${address} cannot be reached: ${cause.came}`,
      "check the address, and whether a server runs there",
    );
  } finally {
    socket?.destroy();
  }
}

/** The cases whose section or name has this word, in upper or lower case. */
export function casesWith(cases: readonly ConformCase[], word: string): ConformCase[] {
  const wanted = word.toLowerCase();
  return cases.filter(({ section, name }) => `${section}\n${name}`.toLowerCase().includes(wanted));
}
