import { readFileSync } from "node:fs";
import type { TlsFiles } from "./transport.ts";

/** A certificate and its key, for Node's own servers. */
export function readTls({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
