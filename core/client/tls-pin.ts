import { X509Certificate } from "node:crypto";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";

/** What makes a client trust a server's certificate besides the system's authorities. */
export interface TlsTrust {
  /** PEM of the authority that must have signed it; the system's authorities, without. */
  readonly authority?: string | undefined;
}

const askMsMax = 10_000;

/** A SHA-256 fingerprint in the form that is compared: lower case, without colons. */
export function plainFingerprint(fingerprint: string): string {
  return fingerprint.replace(/[:\s]/g, "").toLowerCase();
}

/**
 * The certificate with this fingerprint that a server shows in its chain, in PEM: from then on nothing is trusted but what
 * it has signed. Refused, with the fingerprints that were shown, when there is none.
 */
export async function pinnedAuthority(address: URL, pin: string): Promise<Parsed<TlsTrust>> {
  const shown = await shownChain(address);
  if (!shown.ok) return shown;
  const wanted = plainFingerprint(pin);
  const authority = shown.value.find((certificate) => plainFingerprint(certificate.fingerprint256) === wanted);
  if (authority) return accepted({ authority: authority.toString() });
  const fingerprints = shown.value.map(({ fingerprint256 }) => plainFingerprint(fingerprint256)).join(", ");
  return refused(
    `certificate_changed: ${address.host} shows no certificate with the pinned fingerprint, but ${fingerprints}`,
  );
}

/** The certificates that a server shows, its own first; whether they are any good is not asked here. */
function shownChain(address: URL): Promise<Parsed<X509Certificate[]>> {
  const host = address.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(address.port || 443),
      rejectUnauthorized: false,
      timeout: askMsMax,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const end = (outcome: Parsed<X509Certificate[]>) => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("secureConnect", () => end(accepted(chainOf(socket.getPeerCertificate(true)))));
    socket.once("timeout", () => end(refused(`${address.host} does not answer`)));
    socket.once("error", (cause) => end(refused(`${address.host}: ${cause.message}`)));
  });
}

function chainOf(own: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = own;
  // A self-signed certificate is its own issuer.
  while (next?.raw && !chain.some((known) => known.raw.equals(next?.raw as Buffer))) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
