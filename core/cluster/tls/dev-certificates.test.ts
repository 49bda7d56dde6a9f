import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import fc from "fast-check";
import forge from "node-forge";
import { drawSerialNumber } from "./certificate-serial.ts";
import { devCertificate } from "./dev-certificates.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "dev-certificates-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const now = new Date("2026-05-01T00:00:00Z");
const names = ["authority.pem", "authority-key.pem", "certificate.pem", "certificate-key.pem"] as const;

let directories = 0;
const fresh = () => path.join(scratch, String(directories++));

/** Spoils the files of a data directory; `file` is the path of the file with a name. */
type Spoil = (file: (name: (typeof names)[number]) => string) => void;

/** Asserts that both certificates can be read, belong to their keys, and that the authority has signed the other. */
function assertServes(directory: string): void {
  const read = (name: string) => readFileSync(path.join(directory, name), "utf8");
  const authority = new X509Certificate(read("authority.pem"));
  const certificate = new X509Certificate(read("certificate.pem"));
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(read("certificate-key.pem"))));
  assert.ok(authority.checkPrivateKey(createPrivateKey(read("authority-key.pem"))));
  assert.ok(read("certificate.pem").endsWith(read("authority.pem")), "the authority goes with it");
}

test("a certificate can be used when only zeros are drawn", () => {
  const directory = fresh();
  devCertificate(directory, "chat.example", now, (length) => new Uint8Array(length));
  assertServes(directory);
});

test("the authority's certificate is in a file for clients, with the fingerprint that others pin, and without its key", () => {
  const { authorityFile, authorityFingerprint } = devCertificate(fresh(), "chat.example", now);
  const pem = readFileSync(authorityFile, "utf8");
  assert.equal(new X509Certificate(pem).fingerprint256.toLowerCase(), authorityFingerprint);
  assert.doesNotMatch(pem, /PRIVATE KEY/);
});

suite("a data directory", () => {
  const good = fresh();
  const { authorityFingerprint } = devCertificate(good, "chat.example", now);

  /** A copy of a good directory with some of its files spoiled. */
  function spoiled(spoil: Spoil): string {
    const directory = fresh();
    mkdirSync(directory);
    for (const name of names) copyFileSync(path.join(good, name), path.join(directory, name));
    spoil((name) => path.join(directory, name));
    return directory;
  }

  /** Gives a certificate's serial number an octet too many, as an earlier version sometimes did. */
  function withPaddedSerial(file: string): void {
    const [first = "", ...others] = readFileSync(file, "utf8").split(/(?<=-----END CERTIFICATE-----\r?\n)/);
    const certificate = forge.pki.certificateFromPem(first);
    certificate.serialNumber = `0000${"11".repeat(15)}`;
    const keyFile = path.join(path.dirname(file), "authority-key.pem");
    certificate.sign(forge.pki.privateKeyFromPem(readFileSync(keyFile, "utf8")), forge.md.sha256.create());
    writeFileSync(file, [forge.pki.certificateToPem(certificate), ...others].join(""));
    assert.throws(() => new X509Certificate(readFileSync(file)), /illegal padding/);
  }

  for (const [what, spoil] of [
    ["that has a padded serial number", (file) => withPaddedSerial(file("certificate.pem"))],
    ["that is cut short", (file) => truncateSync(file("certificate.pem"), 100)],
    ["whose key is empty", (file) => truncateSync(file("certificate-key.pem"), 0)],
    ["whose key is another's", (file) => copyFileSync(file("authority-key.pem"), file("certificate-key.pem"))],
    ["without its key", (file) => rmSync(file("certificate-key.pem"))],
  ] as const satisfies readonly (readonly [string, Spoil])[]) {
    test(`mends a certificate ${what}, and its authority stays`, () => {
      const directory = spoiled(spoil);
      const made = devCertificate(directory, "chat.example", now);
      assert.equal(made.authorityFingerprint, authorityFingerprint);
      assert.equal(made.authorityReplaced, undefined);
      assertServes(directory);
    });
  }

  for (const [what, spoil, why] of [
    ["that has a padded serial number", (file) => withPaddedSerial(file("authority.pem")), /illegal padding/],
    ["that is cut short", (file) => truncateSync(file("authority.pem"), 100), /./],
    ["whose key is empty", (file) => truncateSync(file("authority-key.pem"), 0), /./],
    [
      "whose key is another's",
      (file) => copyFileSync(file("certificate-key.pem"), file("authority-key.pem")),
      /its key is another's/,
    ],
    ["that is none", (file) => copyFileSync(file("certificate.pem"), file("authority.pem")), /./],
  ] as const satisfies readonly (readonly [string, Spoil, RegExp])[]) {
    test(`mends an authority ${what}, says why, and what it had signed is signed again`, () => {
      const directory = spoiled(spoil);
      const made = devCertificate(directory, "chat.example", now);
      assert.notEqual(made.authorityFingerprint, authorityFingerprint);
      assert.match(made.authorityReplaced ?? "", why);
      assertServes(directory);
      const again = devCertificate(directory, "chat.example", now);
      assert.equal(again.authorityReplaced, undefined);
      assert.equal(again.authorityFingerprint, made.authorityFingerprint);
    });
  }

  test("mends an authority that has run out", () => {
    const directory = spoiled(() => {});
    const afterwards = new Date(now.getTime() + 4000 * 24 * 3600 * 1000);
    assert.equal(devCertificate(directory, "chat.example", afterwards).authorityReplaced, "it has run out");
    assertServes(directory);
  });

  test("holds whole files only", () => {
    assert.deepEqual(readdirSync(good).sort(), [...names].sort());
  });

  test("loads whatever serial number is drawn", () => {
    const { raw, serialNumber } = new X509Certificate(readFileSync(path.join(good, "certificate.pem")));
    const at = raw.indexOf(Buffer.from(serialNumber, "hex"));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const other = Buffer.from(raw);
        other.write(
          drawSerialNumber(() => bytes),
          at,
          "hex",
        );
        assert.notEqual(new X509Certificate(other).serialNumber, "");
      }),
    );
  });
});
