import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import forge from "node-forge";
import { keyPair } from "../testing/key-pairs.ts";
import { present } from "../testing/present.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { createIdentity, type Identity, type IdentityKeyPairs } from "./identity.ts";
import { identityFromPem, identityToPem } from "./identity-pem.ts";

const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;
const passphrase = "pässword with spaces";
/** How often the passphrase is stretched where that does not matter. */
const rarely = 1000;

suite("an identity in PEM", () => {
  let keys: IdentityKeyPairs;
  let alice: Identity;
  let text: string;
  const scratch = mkdtempSync(path.join(tmpdir(), "pem-test-"));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  before(async () => {
    keys = await keyPair(0);
    alice = createIdentity("alice", keys);
    text = identityToPem(alice, passphrase, rarely);
  });

  const reasonOf = (of: string, by = passphrase) => {
    const read = identityFromPem(of, by);
    return read.ok ? "accepted" : read.reason;
  };

  /** Wrapping key, signing key and public half. */
  function blocks(of = text): readonly [string, string, string] {
    const [wrapping, signing, own] = of.match(/-----BEGIN[\s\S]*?-----END [A-Z ]+-----\n/g) ?? [];
    return [present(wrapping), present(signing), present(own)];
  }

  test("comes back with its keys and its fingerprint", () => {
    const read = identityFromPem(identityToPem(alice, passphrase), passphrase);
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(read.value.public.fingerprint, alice.public.fingerprint);
    assert.ok(read.value.signingKey.equals(keys.private.signing));
    assert.ok(read.value.wrappingKey.equals(keys.private.wrapping));
  });

  test("comes back from a file with other line ends and with text around it", () => {
    assert.equal(reasonOf(`Alice's identity:\r\n\r\n${text.replaceAll("\n", "\r\n")}\r\nkeep it safe`), "accepted");
  });

  test("OpenSSL's command line reads both keys, and they are the public identity's", {
    skip: !hasOpenssl && "needs openssl",
  }, () => {
    for (const [index, key] of [keys.public.wrapping, keys.public.signing].entries()) {
      const file = path.join(scratch, `key-${index}.pem`);
      writeFileSync(file, present(blocks()[index]));
      const publicPem = execFileSync("openssl", ["pkey", "-in", file, "-passin", `pass:${passphrase}`, "-pubout"], {
        encoding: "utf8",
      });
      assert.ok(createPublicKey(publicPem).equals(key));
      const wrong = spawnSync("openssl", ["pkey", "-in", file, "-passin", "pass:wrong", "-noout"], { stdio: "ignore" });
      assert.notEqual(wrong.status, 0);
    }
  });

  test("keys that OpenSSL's command line has encrypted are read", { skip: !hasOpenssl && "needs openssl" }, () => {
    const encrypted = [keys.private.wrapping, keys.private.signing].map((key) =>
      execFileSync(
        "openssl",
        [
          "pkcs8",
          "-topk8",
          "-v2",
          "aes-256-cbc",
          "-v2prf",
          "hmacWithSHA512",
          "-iter",
          "10000",
          "-passout",
          `pass:${passphrase}`,
        ],
        {
          input: key.export({ type: "pkcs8", format: "pem" }),
          encoding: "utf8",
        },
      ),
    );
    assert.equal(reasonOf(encrypted.join("") + blocks()[2]), "accepted");
  });

  test("a wrong passphrase is named as the reason", () => {
    for (const wrong of ["", "password with spaces", `${passphrase} `])
      assert.match(reasonOf(text, wrong), /passphrase is wrong/);
  });

  test("keys that are not encrypted, too few, somebody else's or no keys are refused", async () => {
    const [wrapping, signing, own] = blocks();
    const plain = keys.private.wrapping.export({ type: "pkcs8", format: "pem" }).toString();
    const others = createIdentity("alice", await keyPair(1));
    const [theirs] = blocks(identityToPem(others, passphrase, rarely));
    for (const [what, of, reason] of [
      ["nothing", "", /are needed/],
      ["a plain key", plain + signing + own, /are needed/],
      ["no public half", wrapping + signing, /are needed/],
      ["one key twice", signing + signing + own, /an RSA and an Ed25519 key/],
      ["somebody else's key", theirs + signing + own, /not this identity's/],
      [
        "noise under the right name",
        wrapping.replace(/\n[^-][^-]*\n/, "\nAAAA\n") + signing + own,
        /not encrypted with PBES2/,
      ],
      ["much too much", "x".repeat(40_000), /at most/],
    ] as const) {
      assert.match(reasonOf(of), reason, what);
    }
  });

  test("blocks are counted: a third private key or a second public half is refused", () => {
    const [wrapping, signing, own] = blocks();
    for (const of of [wrapping + signing + signing + own, wrapping + signing + own + own, wrapping + own]) {
      assert.equal(reasonOf(of), 'two blocks "ENCRYPTED PRIVATE KEY" and one "FASTCHAT IDENTITY" are needed');
    }
    assert.equal(reasonOf(own + signing + wrapping), "accepted", "in any order");
    assert.equal(reasonOf(`-----BEGIN NOTE-----\nAAAA\n-----END NOTE-----\n${text}`), "accepted", "beside others");
  });

  test("a public half that is none is refused with what is wrong", () => {
    const [wrapping, signing] = blocks();
    const none = "-----BEGIN FASTCHAT IDENTITY-----\nAAAA\n-----END FASTCHAT IDENTITY-----\n";
    assert.match(reasonOf(wrapping + signing + none), /^identity: /);
  });

  test("a text of 32,768 characters is read, and one more is refused", () => {
    assert.equal(reasonOf(text.padEnd(32_768, "\n")), "accepted");
    assert.equal(reasonOf(text.padEnd(32_769, "\n")), "an identity has at most 32768 characters, this text 32769");
  });

  test("a key is stretched as often as is allowed, and no more", () => {
    const bound = (stretchedMax: number) => identityFromPem(text, passphrase, stretchedMax);
    assert.ok(bound(rarely).ok);
    assert.deepEqual(bound(rarely - 1), {
      ok: false,
      reason: `a passphrase stretched ${rarely} times would take too long; at most ${rarely - 1}`,
    });
  });

  test("a block has lines of 64 characters, and its end behind the last", () => {
    for (const block of blocks()) {
      const [begin = "", ...lines] = block.trimEnd().split("\n");
      const end = lines.pop();
      assert.match(begin, /^-----BEGIN [A-Z ]+-----$/);
      assert.equal(end, begin.replace("BEGIN", "END"));
      const last = lines.pop() ?? "";
      assert.ok(lines.length > 1 && lines.every((line) => line.length === 64));
      assert.ok(last.length > 0 && last.length <= 64);
    }
    assert.equal(text, blocks().join(""));
  });

  test("keys that are encrypted in another way are refused by name", () => {
    const [wrapping, signing, own] = blocks();
    const inDer = (oid: string) => Buffer.from(forge.asn1.oidToDer(oid).getBytes(), "latin1");
    const der = Buffer.from(signing.replace(/-----.*-----|\n/g, ""), "base64");
    // PBES2 and PBKDF2, and what stands for other schemes: the last number of each is another.
    for (const oid of ["1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"]) {
      const changed = Buffer.from(der);
      const place = changed.indexOf(inDer(oid)) + inDer(oid).length - 1;
      changed.writeUInt8(changed.readUInt8(place) - 2, place);
      const block = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${changed.toString("base64")}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
      assert.equal(reasonOf(wrapping + block + own), "a private key is not encrypted with PBES2 and PBKDF2", oid);
    }
  });

  /** The wrapping key's block, with the node at this path of its structure changed. */
  function restructured(nodePath: readonly number[], change: (node: forge.asn1.Asn1) => void): string {
    const der = Buffer.from(blocks()[0].replace(/-----.*-----|\n/g, ""), "base64");
    const info = forge.asn1.fromDer(forge.util.createBuffer(der.toString("latin1")));
    const inner = ({ value }: forge.asn1.Asn1, index: number) =>
      typeof value === "string" ? assert.fail("a primitive value") : present(value[index]);
    change(nodePath.reduce(inner, info));
    const changed = Buffer.from(forge.asn1.toDer(info).getBytes(), "latin1").toString("base64");
    return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${changed}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  }

  test("a passphrase that would be stretched for hours is refused before it is tried", () => {
    const [, signing, own] = blocks();
    const block = restructured([0, 1, 0, 1, 1], (iterations) => {
      assert.ok(typeof iterations.value === "string");
      assert.equal(forge.asn1.derToInteger(iterations.value), rarely);
      iterations.value = forge.asn1.integerToDer(2_000_000_000).getBytes();
    });
    assert.match(reasonOf(block + signing + own), /would take too long/);
  });

  test("parameters of another structure are not read as how often a passphrase is stretched", () => {
    const [, signing, own] = blocks();
    const { Class, Type } = forge.asn1;
    const octets = (node: forge.asn1.Asn1) =>
      Object.assign(node, forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, "12345"));
    const empty = (node: forge.asn1.Asn1) =>
      Object.assign(node, forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, []));
    for (const nodePath of [[0], [0, 0], [0, 1], [0, 1, 0], [0, 1, 0, 1], [0, 1, 0, 1, 1]]) {
      for (const change of nodePath.length < 5 ? [octets, empty] : [empty]) {
        assert.equal(
          reasonOf(restructured(nodePath, change) + signing + own),
          "a private key is not encrypted with PBES2 and PBKDF2",
          nodePath.join("."),
        );
      }
    }
  });

  test("a passphrase is stretched 600,000 times, if nothing else is said", () => {
    const [wrapping] = blocks(identityToPem(alice, passphrase));
    const [, signing, own] = blocks();
    const bound = (most: number) => identityFromPem(wrapping + signing + own, passphrase, most);
    assert.match(JSON.stringify(bound(599_999)), /stretched 600000 times would take too long/);
  });

  test("text that is cut or changed at any place never throws, and no other identity comes of it", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom("", "A", "-", "\n"), (at, put) => {
        const read = identityFromPem(text.slice(0, at) + put + text.slice(at + 1), passphrase);
        if (read.ok) assert.deepEqual(read.value.public.fingerprint, alice.public.fingerprint);
      }),
      propertyRuns(25),
    );
  });
});
