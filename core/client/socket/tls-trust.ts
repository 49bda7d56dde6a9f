import { X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { Failure } from "../../platform/failure.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { deploymentUrl } from "./deployment-url.ts";

/** The authority that a client trusts in place of the system's. */
export interface TlsTrust {
  /** PEM of the authority that must have signed the server's certificate; without it, one of the system's must have. */
  readonly authority?: string | undefined;
}

const askMsMax = 10_000;

/** A SHA-256 fingerprint in the form that is compared: lower case, without colons. */
export function plainFingerprint(fingerprint: string): string {
  return fingerprint.replace(/[:\s]/g, "").toLowerCase();
}

/**
 * The trust for a deployment from now on: in certificates of the authority with this fingerprint alone, or, without a
 * fingerprint, in those of the system's authorities. Fails, naming the fingerprints that the server showed, when its
 * certificate is none of these.
 */
export async function trustDeployment(address: string, pin: string | undefined): Promise<TlsTrust> {
  const url = deploymentUrl(address);
  if (url.protocol === "http:") {
    if (pin === undefined) return {};
    throw new Failure("pin_without_tls", `${address} is reached in clear, and shows no certificate`, "write https://…");
  }
  const shown = await shownChain(url);
  if (!shown.ok) {
    throw new Failure("server_unreachable", shown.reason, "check the address, and whether it speaks TLS there");
  }
  const { chain, complaint } = shown.value;
  const fingerprints = chain.map(({ fingerprint256 }) => plainFingerprint(fingerprint256));
  if (pin === undefined) {
    if (complaint === undefined) return {};
    throw new Failure(
      "certificate_unknown",
      `nobody known vouches for the certificate of ${url.host} (${complaint}); its authority is ${fingerprints.at(-1)}`,
      "if that is what the server printed at its start, give it with --tls-pin",
    );
  }
  const authority = chain[fingerprints.indexOf(plainFingerprint(pin))];
  if (authority) return { authority: authority.toString() };
  throw new Failure(
    "certificate_changed",
    `${url.host} shows no certificate with the pinned fingerprint, but ${fingerprints.join(", ")}`,
    "compare with what the server printed at its start; if it is another, somebody may be listening in",
  );
}

interface ShownChain {
  /** The server's own certificate comes first. */
  readonly chain: readonly X509Certificate[];
  /** Why the system's authorities do not vouch for it. */
  readonly complaint: string | undefined;
}

function shownChain(address: URL): Promise<Result<ShownChain>> {
  const host = address.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(address.port || 443),
      rejectUnauthorized: false,
      timeout: askMsMax,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const end = (outcome: Result<ShownChain>) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("secureConnect", () =>
      end(
        accepted({
          chain: chainOf(socket.getPeerCertificate(true)),
          complaint: socket.authorized ? undefined : String(socket.authorizationError),
        }),
      ),
    );
    socket.once("timeout", () => end(refused(`${address.host} does not answer`)));
    socket.once("error", (cause) => end(refused(`${address.host}: ${cause.message}`)));
  });
}

function chainOf(own: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next: DetailedPeerCertificate | undefined = own; next?.raw; next = next.issuerCertificate) {
    const { raw } = next;
    // A self-signed certificate is its own issuer.
    if (chain.some((known) => known.raw.equals(raw))) break;
    chain.push(new X509Certificate(raw));
  }
  return chain;
}
