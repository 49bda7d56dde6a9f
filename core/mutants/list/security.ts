import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const stolen = "core/client/hostile/stolen-database.test.ts";
const membership = "core/client/hostile/membership.test.ts";
const localAccount = "core/client/account/local-account.test.ts";

const firstMeeting = promised("security", "A lie at the first meeting shows in the safety number");
const safetyNumber = promised("security", "The safety number is Signal's, and differs with any key and any name");
const nothingThrows = promised("security", "Bytes that are no valid frame, image, token or identity are refused");

/** What SECURITY.md claims beyond what the other files have mutants for. */
export const securityMutants: Mutants = {
  "a file is uploaded as it is": {
    promise: promised("security", "Nothing that the servers keep shows a text, a title, a file"),
    file: "core/client/files/upload.ts",
    from: "const body = sealChunk(key, shape, index, plain);",
    to: "const body = Buffer.concat([plain, sealChunk(key, shape, index, plain).subarray(plain.length)]);",
    tests: [stolen, "core/client/files/file-transfers.test.ts"],
  },
  "a title is kept as it is": {
    promise: promised("readme", "No plaintext, private key or password ever reaches it"),
    file: "core/e2ee/rsa-fernet.ts",
    from: "return fernetSeal(key, encode({ group, epoch, title }), { nowSeconds: this.#nowSeconds() });",
    to: "return encode({ group, epoch, title });",
    tests: [stolen, "core/e2ee/suites.test.ts"],
  },
  "any room may import any file of another": {
    promise: promised("security", "A server's code cannot reach a private key: a test refuses the import"),
    file: "core/rooms/check.ts",
    from: "    if (why) complain(mention, `imports ${mention.target}`, why);",
    to: '    if (why === "") complain(mention, `imports ${mention.target}`, why);',
    tests: ["core/rooms/check.test.ts"],
  },
  "another identity is pinned in place of the one that was met": {
    promise: promised("security", "Another identity for somebody who is pinned stops messages to them"),
    file: "core/client/people/trust.ts",
    from: "if (isNews) this.#save({ ...pin, changed: { user, identity: identity.bytes } });",
    to: "if (isNews) this.#save({ ...pin, user, identity: identity.bytes });",
    tests: ["core/client/people/trust.test.ts", membership],
  },
  "a member whose identity was changed keeps nobody from writing": {
    promise: promised("security", "Another identity for somebody who is pinned stops messages to them"),
    file: "core/client/people/trust.ts",
    from: "if (pin && (pin.changed || !bytesOf(pin, fingerprint))) names.push(pin.name);",
    to: "if (pin && !bytesOf(pin, fingerprint)) names.push(pin.name);",
    tests: ["core/client/people/trust.test.ts", membership],
  },
  "a safety number is the same under any key": {
    promise: firstMeeting,
    file: "core/e2ee/safety-number.ts",
    from: "safetyNumberHalf(Buffer.from(name), fingerprint);",
    to: "safetyNumberHalf(Buffer.from(name), fingerprint.map(() => 0));",
    tests: [membership, "core/e2ee/safety-number.test.ts"],
  },
  "a safety number leaves the name out": {
    promise: safetyNumber,
    file: "core/e2ee/safety-number.ts",
    from: "safetyNumberHalf(Buffer.from(name), fingerprint);",
    to: "safetyNumberHalf(Buffer.from(name).subarray(0, 0), fingerprint);",
    tests: ["core/e2ee/safety-number.test.ts"],
  },
  "a safety number is hashed once less": {
    promise: safetyNumber,
    file: "core/e2ee/safety-number.ts",
    from: "for (let i = 0; i < iterations; i++)",
    to: "for (let i = 1; i < iterations; i++)",
    tests: ["core/e2ee/safety-number.test.ts"],
  },
  "an image is sent with its metadata": {
    promise: promised("security", "A JPEG, PNG, GIF or WebP is sent without its metadata"),
    file: "core/client/files/source.ts",
    from: "const bytes = stripped.value;",
    to: "const bytes = await readExactly(handle, 0, about.size, file);",
    tests: ["core/client/files/file-transfers.test.ts"],
  },
  "a backup that does not open is taken for one that is not there": {
    promise: promised("security", "A backup that was changed or taken away is reported"),
    file: "core/client/account/account-server.ts",
    from: `return accepted(opened.ok ? opened.value : "unreadable");`,
    to: "return accepted(opened.ok ? opened.value : undefined);",
    tests: [localAccount],
  },
  "a vault is written in clear": {
    promise: promised("security", "Nothing in the vault's files can be read without its key"),
    file: "core/client/vault/vault-database.ts",
    from: "database = new (libsql())(file, options);",
    to: "database = new (libsql())(file, { timeout: options.timeout ?? 0 });",
    tests: ["core/client/vault/vault.test.ts"],
  },
  "an exported key is stretched once, whatever its text says": {
    promise: promised(
      "security",
      "An exported identity is encrypted under its passphrase, in a form that OpenSSL reads",
    ),
    file: "core/e2ee/identity-pem.ts",
    from: `const derived = pbkdf2Sync(Buffer.from(passphrase), salt, stretched, 32, "sha256");`,
    to: `const derived = pbkdf2Sync(Buffer.from(passphrase), salt, 1, 32, "sha256");`,
    tests: ["core/e2ee/identity-pem.test.ts"],
  },
  "a printed account shows the root of its vaults": {
    promise: promised("security", "Neither printing an identity nor a server's log shows a secret"),
    file: "core/e2ee/account-secret.ts",
    from: "return `AccountSecret(${inspect(this.identity)})`;",
    to: "return `AccountSecret(${inspect(this.identity)}, ${inspect(this.#vaultRoot)})`;",
    tests: ["core/e2ee/account-secret.test.ts"],
  },
  "a printed identity shows its private keys": {
    promise: promised("security", "Neither printing an identity nor a server's log shows a secret"),
    file: "core/e2ee/identity.ts",
    from: "return `Identity(${this.public.name}, ${",
    to: 'return `Identity(${this.#wrapping.export({ type: "pkcs8", format: "der" }).toString("hex")}, ${',
    tests: ["core/e2ee/identity.test.ts"],
  },
  "any authority vouches for a server whose authority is pinned": {
    promise: promised("security", "a pinned authority is the only one that is believed"),
    file: "core/client/socket/lean-socket.ts",
    from: "...(authority === undefined ? {} : { ca: authority }),",
    to: "...(authority === undefined ? {} : { rejectUnauthorized: false }),",
    tests: ["core/cluster/tls/tls.test.ts"],
  },
  "a deployment that others can listen to starts in clear": {
    promise: promised("security", "A deployment that others could listen to does not start in clear"),
    file: "core/cluster/tls/tls.ts",
    from: "if (!isLoopback(host) && !insecure) {",
    to: "if (!isLoopback(host) && insecure) {",
    tests: ["core/cluster/tls/tls.test.ts"],
  },
  "a client that does not read is never cut off, over ws": {
    promise: promised("security", "A client that does not read is cut off, and nobody else waits"),
    file: "core/server/transport/ws.ts",
    from: "      this.slow = true;\n      this.#socket.terminate();\n      return;",
    to: "      return;",
    tests: ["core/server/transport/slow-and-silent.test.ts"],
  },
  "a client that does not read is never cut off, over uWebSockets.js": {
    promise: promised("security", "A client that does not read is cut off, and nobody else waits"),
    file: "core/server/transport/uws.ts",
    from: "maxBackpressure: backpressureBytesMax,",
    to: "maxBackpressure: backpressureBytesMax * 1000,",
    tests: ["core/server/transport/slow-and-silent.test.ts"],
  },
  "an image that breaks its format throws": {
    promise: nothingThrows,
    file: "core/media/strip-metadata.ts",
    from: "if (cause instanceof RangeError || cause instanceof Unsound)",
    to: "if (cause instanceof Unsound)",
    tests: ["core/media/strip-metadata.test.ts"],
  },
  "bytes that are no CBOR throw": {
    promise: nothingThrows,
    file: "core/wire/cbor.ts",
    from: "return refused(shortened(`not the CBOR expected: ${messageOf(cause)}`));",
    to: "throw cause;",
    tests: ["core/wire/frames.test.ts"],
  },
};
