import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import forge from "node-forge";
import type { TlsFiles } from "../server/transport/transport.ts";

export interface DevCertificate extends TlsFiles {
  /** SHA-256 of the authority's certificate, as `aa:bb:…`: what clients pin. */
  readonly authorityFingerprint: string;
}

const authorityYears = 10;
/** As long as clients accept at most (CA/Browser Forum, baseline requirements, from 2020 on). */
const certificateDays = 397;
const renewBeforeDays = 30;

/**
 * A certificate for this machine from an authority of its own, for development: both are made if they are missing, kept in
 * the directory, and the certificate made again when it runs out or the machine has other names. The authority stays, so
 * clients that have pinned it notice nothing.
 */
export function devCertificate(directory: string, publicHost: string, now: Date): DevCertificate {
  // What is around it is for others, too: the database runs as another user.
  mkdirSync(path.dirname(directory), { recursive: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string) => path.join(directory, name);
  const authority = loadAuthority(file("authority.pem"), file("authority-key.pem"), now);
  const names = namesOf(publicHost);
  const [certFile, keyFile] = [file("certificate.pem"), file("certificate-key.pem")];
  if (!isGood(certFile, keyFile, authority.certificate, names, now)) {
    const keys = newKeys();
    const certificate = issue(keys, authority, names, now);
    // The chain goes with it, so that a client sees the authority that it has pinned.
    write(certFile, forge.pki.certificateToPem(certificate) + authority.pem, 0o644);
    write(keyFile, forge.pki.privateKeyToPem(keys.privateKey), 0o600);
  }
  return { certFile, keyFile, authorityFingerprint: authority.certificate.fingerprint256.toLowerCase() };
}

interface Authority {
  readonly pem: string;
  readonly certificate: X509Certificate;
  readonly issuer: forge.pki.Certificate;
  readonly key: forge.pki.rsa.PrivateKey;
}

function loadAuthority(certFile: string, keyFile: string, now: Date): Authority {
  if (!existsSync(certFile) || !existsSync(keyFile)) {
    const keys = newKeys();
    const made = template(keys.publicKey, now, authorityYears * 365);
    const subject = [{ name: "commonName", value: `FastChat development authority on ${os.hostname()}` }];
    made.setSubject(subject);
    made.setIssuer(subject);
    made.setExtensions([
      { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
      { name: "subjectKeyIdentifier" },
    ]);
    made.sign(keys.privateKey, forge.md.sha256.create());
    write(keyFile, forge.pki.privateKeyToPem(keys.privateKey), 0o600);
    write(certFile, forge.pki.certificateToPem(made), 0o644);
  }
  const pem = readFileSync(certFile, "utf8");
  return {
    pem,
    certificate: new X509Certificate(pem),
    issuer: forge.pki.certificateFromPem(pem),
    key: forge.pki.privateKeyFromPem(readFileSync(keyFile, "utf8")),
  };
}

function issue(keys: forge.pki.rsa.KeyPair, authority: Authority, names: readonly string[], now: Date) {
  const certificate = template(keys.publicKey, now, certificateDays);
  certificate.setSubject([{ name: "commonName", value: names[0] as string }]);
  certificate.setIssuer(authority.issuer.subject.attributes);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true },
    { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
    { name: "extKeyUsage", serverAuth: true },
    {
      name: "subjectAltName",
      altNames: names.map((name) => (isAddress(name) ? { type: 7, ip: name } : { type: 2, value: name })),
    },
    { name: "authorityKeyIdentifier", keyIdentifier: authority.issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  certificate.sign(authority.key, forge.md.sha256.create());
  return certificate;
}

function template(publicKey: forge.pki.PublicKey, now: Date, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // Positive, and never the same twice (RFC 5280 section 4.1.2.2).
  certificate.serialNumber = `00${randomBytes(16).toString("hex")}`;
  // Clocks of clients may be behind.
  certificate.validity.notBefore = new Date(now.getTime() - dayMs);
  certificate.validity.notAfter = new Date(now.getTime() + days * dayMs);
  return certificate;
}

const dayMs = 24 * 3600 * 1000;

/** Made by OpenSSL: node-forge takes seconds. */
function newKeys(): forge.pki.rsa.KeyPair {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = forge.pki.privateKeyFromPem(privateKey.export({ type: "pkcs1", format: "pem" }) as string);
  return { privateKey: key, publicKey: forge.pki.setRsaPublicKey(key.n, key.e) };
}

/** Under which this machine may be asked for. */
function namesOf(publicHost: string): string[] {
  const addresses = Object.values(os.networkInterfaces()).flatMap((of) => of?.map(({ address }) => address) ?? []);
  const names = ["localhost", os.hostname(), publicHost, "127.0.0.1", "::1", ...addresses];
  return [...new Set(names.filter((name) => !/[%]|^(0\.0\.0\.0|::)$/.test(name)))];
}

const isAddress = (name: string) => /^[\d.]+$|:/.test(name);

function isGood(
  certFile: string,
  keyFile: string,
  authority: X509Certificate,
  names: readonly string[],
  now: Date,
): boolean {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  const certificate = new X509Certificate(readFileSync(certFile));
  const isFresh = new Date(certificate.validTo).getTime() > now.getTime() + renewBeforeDays * dayMs;
  const covers = (name: string) =>
    (isAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  return isFresh && certificate.verify(authority.publicKey) && names.every(covers);
}

function write(file: string, text: string, mode: number): void {
  writeFileSync(file, text, { mode });
}
