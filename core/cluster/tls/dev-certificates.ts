import { createPrivateKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import forge from "node-forge";
import { messageOf } from "../../platform/failure.ts";
import { itemAt } from "../../platform/item-at.ts";
import { replaceFile } from "../../platform/replace-file.ts";
import { accepted, type Parsed, refused } from "../../platform/result.ts";
import type { TlsFiles } from "../../server/transport/transport.ts";
import { type DrawBytes, drawSerialNumber } from "./certificate-serial.ts";

export interface DevCertificate extends TlsFiles {
  /** SHA-256 of the authority's certificate, as `aa:bb:…`. Clients pin it. */
  readonly authorityFingerprint: string;
  /** PEM of the authority's certificate, for clients that take a file. */
  readonly authorityFile: string;
  /** Why the stored authority could not be used, so that clients have to pin a new one; undefined when it stays. */
  readonly authorityReplaced: string | undefined;
}

const authorityYears = 10;
/** The longest time that clients accept (CA/Browser Forum, baseline requirements, from 2020 on). */
const certificateDays = 397;
const renewBeforeDays = 30;

/**
 * A certificate for this machine from an authority of its own, for development. Both are kept in the directory, and made if
 * they are missing or cannot be used; the certificate is also made again when it runs out or the machine has other names. A
 * good authority stays, so clients that have pinned it notice nothing.
 */
export function devCertificate(
  directory: string,
  publicHost: string,
  now: Date,
  draw: DrawBytes = randomBytes,
): DevCertificate {
  // The data directory around it must be open to others: PostgreSQL may run as another user.
  mkdirSync(path.dirname(directory), { recursive: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const names = namesOf(publicHost);
  const [authorityFiles, files] = [filesOf(directory, "authority"), filesOf(directory, "certificate")];
  const kept = readAuthority(authorityFiles, now);
  const authority = kept.ok ? kept.value : makeAuthority(authorityFiles, now, draw);
  if (!isGood(files, authority, names, now)) {
    const keys = newKeys();
    const certificate = issue(keys, authority, names, now, draw);
    // The file has the whole chain, so that a client is shown the authority that it has pinned.
    replaceFile(files.certFile, forge.pki.certificateToPem(certificate) + authority.pem, 0o644);
    replaceFile(files.keyFile, forge.pki.privateKeyToPem(keys.privateKey), 0o600);
  }
  return {
    ...files,
    authorityFingerprint: authority.certificate.fingerprint256.toLowerCase(),
    authorityFile: authorityFiles.certFile,
    authorityReplaced: kept.ok ? undefined : kept.reason,
  };
}

function filesOf(directory: string, name: string): TlsFiles {
  return { certFile: path.join(directory, `${name}.pem`), keyFile: path.join(directory, `${name}-key.pem`) };
}

interface Authority {
  readonly pem: string;
  readonly certificate: X509Certificate;
  readonly issuer: forge.pki.Certificate;
  readonly key: forge.pki.rsa.PrivateKey;
}

/** The stored authority; refused with why it cannot be used, or with no reason when there is none yet. */
function readAuthority(files: TlsFiles, now: Date): Parsed<Authority, string | undefined> {
  if (!existsSync(files.certFile) || !existsSync(files.keyFile)) return refused(undefined);
  const [pem, keyPem] = [readFileSync(files.certFile, "utf8"), readFileSync(files.keyFile, "utf8")];
  try {
    const authority = authorityOf(pem, keyPem);
    const { certificate } = authority;
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) return refused("its key is another's");
    if (!certificate.ca || !certificate.verify(certificate.publicKey)) return refused("it is no authority");
    return new Date(certificate.validTo) > now ? accepted(authority) : refused("it has run out");
  } catch (cause) {
    return refused(messageOf(cause));
  }
}

function makeAuthority(files: TlsFiles, now: Date, draw: DrawBytes): Authority {
  const keys = newKeys();
  const made = template(keys.publicKey, now, authorityYears * 365, draw);
  const subject = [{ name: "commonName", value: `FastChat development authority on ${os.hostname()}` }];
  made.setSubject(subject);
  made.setIssuer(subject);
  made.setExtensions([
    { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
  ]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  const [pem, keyPem] = [forge.pki.certificateToPem(made), forge.pki.privateKeyToPem(keys.privateKey)];
  const authority = authorityOf(pem, keyPem);
  replaceFile(files.keyFile, keyPem, 0o600);
  replaceFile(files.certFile, pem, 0o644);
  return authority;
}

function authorityOf(pem: string, keyPem: string): Authority {
  return {
    pem,
    certificate: new X509Certificate(pem),
    issuer: forge.pki.certificateFromPem(pem),
    key: forge.pki.privateKeyFromPem(keyPem),
  };
}

function issue(
  keys: forge.pki.rsa.KeyPair,
  authority: Authority,
  names: readonly string[],
  now: Date,
  draw: DrawBytes,
): forge.pki.Certificate {
  const certificate = template(keys.publicKey, now, certificateDays, draw);
  certificate.setSubject([{ name: "commonName", value: itemAt(names, 0) }]);
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

function template(publicKey: forge.pki.PublicKey, now: Date, days: number, draw: DrawBytes): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = drawSerialNumber(draw);
  // The clocks of clients may be behind.
  certificate.validity.notBefore = new Date(now.getTime() - dayMs);
  certificate.validity.notAfter = new Date(now.getTime() + days * dayMs);
  return certificate;
}

const dayMs = 24 * 3600 * 1000;

/** A new key pair, made by OpenSSL: node-forge takes seconds. */
function newKeys(): forge.pki.rsa.KeyPair {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const key = forge.pki.privateKeyFromPem(privateKey);
  return { privateKey: key, publicKey: forge.pki.setRsaPublicKey(key.n, key.e) };
}

/** The names and addresses under which clients may reach this machine. */
function namesOf(publicHost: string): string[] {
  const addresses = Object.values(os.networkInterfaces()).flatMap((of) => of?.map(({ address }) => address) ?? []);
  const names = ["localhost", os.hostname(), publicHost, "127.0.0.1", "::1", ...addresses];
  return [...new Set(names.filter((name) => !/[%]|^(0\.0\.0\.0|::)$/.test(name)))];
}

const isAddress = (name: string) => /^[\d.]+$|:/.test(name);

/**
 * Whether the stored certificate can be used: it is this authority's, has all names, is valid for a while yet, and its key
 * fits.
 */
function isGood(files: TlsFiles, authority: Authority, names: readonly string[], now: Date): boolean {
  if (!existsSync(files.certFile) || !existsSync(files.keyFile)) return false;
  const [pem, keyPem] = [readFileSync(files.certFile, "utf8"), readFileSync(files.keyFile, "utf8")];
  try {
    const certificate = new X509Certificate(pem);
    const isFresh = new Date(certificate.validTo).getTime() > now.getTime() + renewBeforeDays * dayMs;
    const covers = (name: string) =>
      (isAddress(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
    return (
      isFresh &&
      certificate.verify(authority.certificate.publicKey) &&
      certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      pem.endsWith(authority.pem) &&
      names.every(covers)
    );
  } catch {
    // A file is no certificate or no key. Nobody has pinned the certificate, so it can be made again.
    return false;
  }
}
