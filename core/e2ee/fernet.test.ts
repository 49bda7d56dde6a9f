import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { fernetFromText, fernetOpen, fernetSeal, fernetText, fernetTokenBytes } from "./fernet.ts";

/** The vectors of github.com/fernet/spec: key, moment and vector in, token out. */
const specification = {
  key: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
  message: "hello",
  sealedAt: "1985-10-26T01:20:00-07:00",
  openedAt: "1985-10-26T01:20:01-07:00",
  ttlSeconds: 60,
  vector: Uint8Array.from({ length: 16 }, (_, i) => i),
  token: "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==",
};
const key = Buffer.from(specification.key, "base64url");
const seconds = (moment: string) => Date.parse(moment) / 1000;

/** The specification's reason to refuse each token, and the fault's name here. */
const invalid = [
  [
    "incorrect mac",
    "wrong_key",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
  ],
  ["too short", "malformed", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=="],
  [
    "invalid base64",
    "malformed",
    "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
  ],
  [
    "payload size not multiple of block size",
    "malformed",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
  ],
  [
    "payload padding error",
    "padding",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
  ],
  [
    "far-future timestamp",
    "from_the_future",
    "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
  ],
  [
    "incorrect vector",
    "padding",
    "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
  ],
] as const;

const expired = "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==";

function open(text: string, openedAt = specification.openedAt) {
  const token = fernetFromText(text);
  return token.ok
    ? fernetOpen(key, token.value, { nowSeconds: seconds(openedAt), ttlSeconds: specification.ttlSeconds })
    : token;
}

test("the specification's token is made from its key, moment, vector and message", () => {
  const options = { nowSeconds: seconds(specification.sealedAt), dangerousFixedVector: specification.vector };
  assert.equal(fernetText(fernetSeal(key, Buffer.from(specification.message), options)), specification.token);
});

test("the specification's token opens to its message", () => {
  const opened = open(specification.token);
  assert.equal(opened.ok && Buffer.from(opened.value).toString(), specification.message);
});

for (const [what, fault, token] of invalid) {
  test(`the specification's token with ${what} is refused as ${fault}`, () => {
    const opened = open(token);
    assert.equal(!opened.ok && opened.reason, fault);
  });
}

test("the specification's expired token is refused, and decrypts when no maximum age is given", () => {
  const opened = open(expired, "1985-10-26T01:21:31-07:00");
  assert.equal(!opened.ok && opened.reason, "expired");
  const token = fernetFromText(expired);
  assert.ok(token.ok && fernetOpen(key, token.value).ok);
});

test("a token is fresh to the second of its age, and up to a minute before it is made", () => {
  const token = fernetSeal(key, Buffer.from("hello"), { nowSeconds: 1000 });
  const faultAt = (nowSeconds: number) => {
    const opened = fernetOpen(key, token, { nowSeconds, ttlSeconds: 60 });
    return opened.ok ? "fresh" : opened.reason;
  };
  assert.deepEqual([939, 940, 1000, 1060, 1061].map(faultAt), [
    "from_the_future",
    "fresh",
    "fresh",
    "fresh",
    "expired",
  ]);
});

test("a token whose time is beyond all numbers is not fresh", () => {
  const token = Buffer.from(fernetSeal(key, Buffer.from("hello"), { nowSeconds: 0 }));
  token.fill(0xff, 1, 9);
  createHmac("sha256", key.subarray(0, 16))
    .update(token.subarray(0, -32))
    .digest()
    .copy(token, token.length - 32);
  assert.ok(fernetOpen(key, token).ok);
  assert.deepEqual(fernetOpen(key, token, { nowSeconds: 0, ttlSeconds: 60 }), { ok: false, reason: "expired" });
});

test("a token of another version, without a block or with a part of one is malformed, whoever signed it", () => {
  const resigned = (of: Uint8Array) =>
    Buffer.concat([of, createHmac("sha256", key.subarray(0, 16)).update(of).digest()]);
  const signed = Buffer.from(fernetSeal(key, Buffer.from("hello"), { nowSeconds: 0 }).subarray(0, -32));
  assert.ok(fernetOpen(key, resigned(signed)).ok);
  const later = Buffer.from(signed);
  later[0] = 0x81;
  for (const of of [later, signed.subarray(0, 25), Buffer.concat([signed, Buffer.alloc(1)])]) {
    assert.deepEqual(fernetOpen(key, resigned(of)), { ok: false, reason: "malformed" }, `${of.length} bytes`);
  }
});

test("text that is not base64url with all of its padding, and nothing around it, is malformed", () => {
  const { token } = specification;
  for (const text of [
    ` ${token}`,
    `\n\n\n\n${token}`,
    `${token}    `,
    token.replace("==", ""),
    "A===",
    "====",
    "AA=A",
    "+/+/",
  ]) {
    assert.deepEqual(fernetFromText(text), { ok: false, reason: "malformed" }, JSON.stringify(text));
  }
  for (const [text, bytes] of [
    ["", []],
    ["AAEC", [0, 1, 2]],
    ["AAE=", [0, 1]],
    ["AA==", [0]],
    ["-_-_", [251, 255, 191]],
  ] as const) {
    const read = fernetFromText(text);
    assert.deepEqual(read.ok && [...read.value], bytes, text);
    assert.equal(fernetText(Uint8Array.from(bytes)), text);
  }
});

test("a sealed message opens again, has the announced length, and is never twice the same token", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (message, anyKey) => {
        const token = fernetSeal(anyKey, message, { nowSeconds: 1_700_000_000 });
        assert.equal(token.length, fernetTokenBytes(message.length));
        const opened = fernetOpen(anyKey, token);
        assert.ok(opened.ok);
        assert.deepEqual(Buffer.from(opened.value), Buffer.from(message));
        assert.notDeepEqual(fernetSeal(anyKey, message, { nowSeconds: 1_700_000_000 }), token);
        const text = fernetText(token);
        const back = fernetFromText(text);
        assert.ok(back.ok && Buffer.from(back.value).equals(Buffer.from(token)));
      },
    ),
  );
});

test("a token that is cut or changed at any byte is refused", () => {
  const token = fernetSeal(key, Buffer.from("a message of some length"), { nowSeconds: 1_700_000_000 });
  for (let at = 0; at < token.length; at++) {
    const changed = Buffer.from(token);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
    assert.equal(fernetOpen(key, changed).ok, false, `changed at ${at}`);
    assert.equal(fernetOpen(key, token.subarray(0, at)).ok, false, `cut at ${at}`);
  }
});

test("a key of the wrong length is a defect, not an answer", () => {
  assert.throws(() => fernetOpen(key.subarray(1), new Uint8Array(100)), /32 bytes/);
  assert.throws(() => fernetSeal(new Uint8Array(33), new Uint8Array(1), { nowSeconds: 0 }), /32 bytes/);
});
