import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { keyPair } from "../testing/key-pairs.ts";
import { present } from "../testing/present.ts";
import { clientMessageId, firstEpoch, groupId, userId } from "../wire/ids.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { fernetFromText, fernetOpen, fernetSeal, fernetText } from "./fernet.ts";
import { createIdentity } from "./identity.ts";
import { RsaFernet } from "./rsa-fernet.ts";
import { inlineRsa } from "./rsa-inline.ts";

const runs = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
const hasOpenssl = runs("openssl", "version");
const hasPython = runs("python3", "-c", "import cryptography.fernet");

function ask(command: string, args: readonly string[], input: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(command, args, { input });
  assert.equal(status, 0, stderr?.toString());
  return stdout;
}

/** Makes and opens tokens without this project's code, from the key and the tokens alone. */
interface Implementation {
  readonly name: string;
  readonly missing: string | false;
  seal(key: Uint8Array, messages: readonly Uint8Array[]): readonly string[];
  open(key: Uint8Array, tokens: readonly string[]): readonly Buffer[];
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The specification's steps, each done by OpenSSL's command line. */
const openssl: Implementation = {
  name: "OpenSSL's command line",
  missing: !hasOpenssl && "needs openssl",
  seal: (key, messages) => messages.map((message) => opensslSeal(key, message)),
  open: (key, tokens) => tokens.map((token) => opensslOpen(key, token)),
};

function opensslSeal(key: Uint8Array, message: Uint8Array): string {
  const vector = randomBytes(16);
  const sealed = Buffer.concat([
    Buffer.from("800000000065536980", "hex"),
    vector,
    ask("openssl", ["enc", "-aes-128-cbc", "-K", hex(key.subarray(16)), "-iv", hex(vector)], message),
  ]);
  const token = Buffer.concat([sealed, opensslMac(key, sealed)]);
  return token.toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function opensslOpen(key: Uint8Array, token: string): Buffer {
  const bytes = Buffer.from(token, "base64url");
  const sealed = bytes.subarray(0, -32);
  assert.equal(sealed[0], 0x80);
  assert.equal(hex(opensslMac(key, sealed)), hex(bytes.subarray(-32)));
  const vector = hex(sealed.subarray(9, 25));
  return ask("openssl", ["enc", "-d", "-aes-128-cbc", "-K", hex(key.subarray(16)), "-iv", vector], sealed.subarray(25));
}

function opensslMac(key: Uint8Array, sealed: Uint8Array): Buffer {
  const mac = ["-mac", "HMAC", "-macopt", `hexkey:${hex(key.subarray(0, 16))}`];
  return ask("openssl", ["dgst", "-sha256", ...mac, "-binary"], sealed);
}

/** One process for all inputs, since it takes a second to load the package: each message or token is a line of base64. */
const pythonOf = (
  call: string,
) => `import sys, base64; from cryptography.fernet import Fernet; fernet = Fernet(sys.argv[1])
for line in sys.stdin: print(base64.b64encode(fernet.${call}(base64.b64decode(line))).decode())`;

function askPython(call: string, key: Uint8Array, inputs: readonly Uint8Array[]): readonly Buffer[] {
  const lines = inputs.map((input) => `${Buffer.from(input).toString("base64")}\n`).join("");
  const keyText = `${Buffer.from(key).toString("base64url")}=`;
  const answers = ask("python3", ["-c", pythonOf(call), keyText], Buffer.from(lines)).toString();
  return answers
    .split("\n")
    .slice(0, -1)
    .map((line) => Buffer.from(line, "base64"));
}

/** The package `cryptography`, against which most other implementations are tested. */
const python: Implementation = {
  name: "Python's cryptography",
  missing: !hasPython && "needs python3 with the package cryptography",
  seal: (key, messages) => askPython("encrypt", key, messages).map(String),
  open: (key, tokens) =>
    askPython(
      "decrypt",
      key,
      tokens.map((token) => Buffer.from(token)),
    ),
};

const messages = [0, 1, 15, 16, 17, 1000].map((length) => randomBytes(length));

for (const { name, missing, seal, open } of [openssl, python]) {
  suite(`${name}, given the key`, { skip: missing }, () => {
    const key = randomBytes(32);

    test("opens tokens that were made here", () => {
      const tokens = messages.map((message) => fernetText(fernetSeal(key, message, { nowSeconds: 1_700_000_000 })));
      assert.deepEqual(open(key, tokens).map(hex), messages.map(hex));
    });

    test("makes tokens that open here, and under no other key", () => {
      const tokens = seal(key, messages).map(fernetFromText);
      for (const [i, token] of tokens.entries()) {
        assert.ok(token.ok);
        const opened = fernetOpen(key, token.value);
        assert.ok(opened.ok);
        assert.equal(hex(opened.value), hex(present(messages[i])));
        assert.deepEqual(fernetOpen(randomBytes(32), token.value), { ok: false, reason: "wrong_key" });
      }
    });

    test("opens a group's message", async () => {
      const rsaFernet = new RsaFernet(inlineRsa, () => 1_700_000_000);
      const self = createIdentity("alice", await keyPair(0));
      const [group, sender] = [groupId(7), userId(1)];
      const members = [{ user: sender, identity: self.public }];
      const { state } = await rsaFernet.beginEpoch(self, undefined, {
        group,
        epoch: firstEpoch,
        members,
        readBack: [],
      });
      const envelope = {
        type: messageTypes.application,
        group,
        epoch: firstEpoch,
        sender,
        clientMessageId: clientMessageId(1n),
      };
      const body = Buffer.from("hello, whoever you are");
      const sealed = await rsaFernet.seal(self, state, { ...envelope, logHead: new Uint8Array(32) }, body);
      assert.ok(sealed.ok);
      const [inside] = open(present(state.keys.get(firstEpoch)), [fernetText(sealed.value.payload)]);
      assert.ok(inside?.includes(body));
    });
  });
}
