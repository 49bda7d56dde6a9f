import { Failure } from "../../platform/failure.ts";

export function portInUse(host: string, port: number, cause?: unknown): Failure {
  return new Failure(
    "port_in_use",
    `cannot listen on ${host}:${port}`,
    "choose another --port, or stop what uses it (and check that --host is an address of this machine)",
    cause,
  );
}
