import { z } from "zod";
import { type Pool, poolThreadData } from "../../platform/pool.ts";
import type { Result } from "../../platform/result.ts";
import { type OpaqueLoginStarted, type OpaqueRefusal, type OpaqueServer, opaqueServer } from "../opaque-server.ts";

/** The server's OPAQUE steps as pool tasks: half a millisecond to a millisecond each. Runs in the pool's threads. */
const started = z.object({ opaqueSecret: z.string() }).safeParse(poolThreadData());
const server = started.success ? opaqueServer(started.data.opaqueSecret) : undefined;

type Outcome<T> = Result<T, OpaqueRefusal>;
const serverOfThread = () => server ?? Promise.reject(new Error("an OPAQUE task outside of its pool"));

export async function registrationResponse(args: Parameters<OpaqueServer["registrationResponse"]>) {
  return (await serverOfThread()).registrationResponse(...args);
}

export async function checkRecord(args: Parameters<OpaqueServer["checkRecord"]>) {
  return (await serverOfThread()).checkRecord(...args);
}

export async function startLogin(args: Parameters<OpaqueServer["startLogin"]>) {
  return (await serverOfThread()).startLogin(...args);
}

export async function finishLogin(args: Parameters<OpaqueServer["finishLogin"]>) {
  return (await serverOfThread()).finishLogin(...args);
}

/** An OPAQUE server whose steps run in a pool made with this module and `{ opaqueSecret }`. */
export function pooledOpaque(pool: Pick<Pool, "run" | "waiting">): OpaqueServer {
  const step = async <T>(task: string, args: unknown): Promise<Outcome<T>> => {
    const ran = await pool.run<Outcome<T>>(task, args);
    return ran.ok ? ran.value : ran;
  };
  return {
    registrationResponse: (...args) => step<Uint8Array>("registrationResponse", args),
    checkRecord: (...args) => step<undefined>("checkRecord", args),
    startLogin: (...args) => step<OpaqueLoginStarted>("startLogin", args),
    finishLogin: (...args) => step<undefined>("finishLogin", args),
    waiting: async () => pool.waiting,
  };
}

export const opaqueTasksFile = import.meta.filename;
