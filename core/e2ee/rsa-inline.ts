import { unwrapKey, wrapKey } from "./key-wrap.ts";
import type { RsaWorker } from "./rsa-fernet.ts";

/** RSA in the calling thread: 0.1 ms a wrap, 1.5 ms an unwrap. For small groups and simulated users. */
export const inlineRsa: RsaWorker = {
  wrap: async (jobs) => jobs.map(wrapKey),
  unwrap: async (job) => unwrapKey(job),
};
