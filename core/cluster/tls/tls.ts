import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import path from "node:path";
import { Failure, messageOf } from "../../platform/failure.ts";
import type { TlsFiles } from "../../server/transport/transport.ts";
import type { ServeConfig } from "../serve-settings.ts";
import { type DevCertificate, devCertificate } from "./dev-certificates.ts";

/** How connections are encrypted, and what the person who starts the servers has to know about it. */
export interface PreparedTls {
  /** Undefined where nothing is encrypted. */
  readonly files: TlsFiles | undefined;
  /** The fingerprint that clients pin, where the certificate is from an authority of our own. */
  readonly authorityFingerprint: string | undefined;
  /** PEM of the authority's certificate. */
  readonly authorityFile?: string | undefined;
  /** Why that authority had to be made again: clients that pinned the one before have to pin this one. */
  readonly authorityReplaced?: string | undefined;
}

type TlsConfig = Pick<ServeConfig, "tls" | "tlsCert" | "tlsKey" | "insecure" | "host" | "publicHost" | "dataDir">;

/** Prepares TLS as the settings say. Fails when others could read along, unless the settings allow that. */
export function prepareTls(config: TlsConfig, now: Date): PreparedTls {
  const { tls, tlsCert, tlsKey, insecure, host, publicHost = host, dataDir } = config;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Failure("tls_incomplete", "a certificate and its key go together", "give both --tls-cert and --tls-key");
  }
  if (tlsCert !== undefined && tlsKey !== undefined) {
    if (tls === "dev")
      throw new Failure("tls_ambiguous", "--tls dev makes its own certificate", "leave out one of them");
    const files = { certFile: path.resolve(tlsCert), keyFile: path.resolve(tlsKey) };
    checkTlsFiles(files);
    return { files, authorityFingerprint: undefined };
  }
  if (tls === "dev") {
    const directory = path.join(path.resolve(dataDir), "tls");
    const { certFile, keyFile, ...authority } = ownCertificate(directory, publicHost, now);
    return { files: { certFile, keyFile }, ...authority };
  }
  if (!isLoopback(host) && !insecure) {
    throw new Failure(
      "clear_text_refused",
      `listening on ${host} without encryption would show everybody on the way who talks to whom, and session tokens`,
      "give --tls-cert and --tls-key, or --tls dev; or say --insecure if something in front of it encrypts",
    );
  }
  return { files: undefined, authorityFingerprint: undefined };
}

function ownCertificate(directory: string, publicHost: string, now: Date): DevCertificate {
  try {
    return devCertificate(directory, publicHost, now);
  } catch (cause) {
    throw new Failure(
      "dev_certificate_unusable",
      `the certificate for development in ${directory} can be neither read nor made: ${messageOf(cause)}`,
      "see that this is a directory which you may write to (it is made if it is missing), or name another --data-dir",
      cause,
    );
  }
}

/** Fails, with what to do, when the files are not a certificate and its key. */
function checkTlsFiles({ certFile, keyFile }: TlsFiles): void {
  try {
    const certificate = new X509Certificate(readFileSync(certFile));
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))))
      throw new Error("the key is another certificate's");
  } catch (cause) {
    throw new Failure(
      "tls_files_unusable",
      `${certFile} and ${keyFile} cannot be used: ${messageOf(cause)}`,
      "name a certificate (with its chain) and its private key, both in PEM",
      cause,
    );
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
