import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const refusals = "core/server/http/attachment-refusals.test.ts";
const routes = "core/server/http/attachment-routes.test.ts";
const notSaved = promised("security", "A file that was cut, mixed, changed or exchanged at the server is not saved");
const transfers = "core/client/files/file-transfers.test.ts";

const upload = "core/client/files/upload.test.ts";
const oneNonce = promised("security", "No two chunks are sealed under the same key and nonce");
const goesOn = promised("readme", "files go on where they stopped");
const believes = promised("client", "The client believes the server nothing that it can check");
const bounds = promised(
  "protocol",
  "A client needs bounds of its own, or a server could make it spin or wait for ever",
);
const servers = promised("protocol", "asks `/assign?visit=true`, and is not counted among those that stay");

/** Files, at the server and at the client. */
export const fileMutants: Mutants = {
  "a file is fetched by who is no member": {
    promise: promised("protocol", "gets `attachment_unknown`, as if there were none"),
    file: "core/server/http/attachment-routes.ts",
    from: "if (!found || !(await this.#isMember(user, found.group))) return",
    to: "if (!found) return",
    tests: [refusals],
  },
  "a file is begun for a group of others": {
    promise: promised("protocol", "`not_a_member` answers only the beginning of an upload"),
    file: "core/server/http/attachment-routes.ts",
    from: "if (!(await this.#isMember(owner, group))) return",
    to: "if (!owner) return",
    tests: [refusals],
  },
  "a file is fetched before its upload has ended": {
    promise: promised("protocol", "only from then on can the attachment be fetched"),
    file: "core/server/http/attachment-routes.ts",
    from: `if (!found.complete) return new Refusal("attachment_incomplete"`,
    to: `if (found.size < 0) return new Refusal("attachment_incomplete"`,
    tests: [refusals, routes],
  },
  "chunks are taken of who has not begun the file": {
    promise: promised("protocol", "brings chunks for one, gets `attachment_unknown`"),
    file: "core/server/http/attachment-routes.ts",
    from: `if (!found || found.owner !== user) return new Refusal("attachment_unknown", "begin the upload first");`,
    to: `if (!found) return new Refusal("attachment_unknown", "begin the upload first");`,
    tests: [refusals],
  },
  "a file is deleted by another member": {
    promise: promised("protocol", "A user who fetches or deletes an attachment that they may not"),
    file: "core/server/http/attachment-routes.ts",
    from: `if (!found || found.owner !== user) return new Refusal("attachment_unknown", "there is none of yours");`,
    to: `if (!found) return new Refusal("attachment_unknown", "there is none of yours");`,
    tests: [refusals],
  },
  "a chunk of another length is taken": {
    promise: promised("protocol", "At the server all chunks but the last have 65,552 bytes"),
    file: "core/server/http/attachment-routes.ts",
    from: "if (bytes?.length !== expected) return",
    to: 'if (!bytes) return new Refusal("bad_request", "");\n    if (bytes.length > expected) return',
    tests: [refusals],
  },
  "a session that was ended fetches files": {
    promise: promised("security", "No forged or ended session can be resumed"),
    file: "core/server/http/attachment-routes.ts",
    from: "if (!session.ok || this.#server.revoked.has(session.value.id)) {",
    to: "if (!session.ok) {",
    tests: ["core/server/http/attachment-bounds.test.ts"],
  },
  "the transfers of a user are without a bound": {
    promise: promised("protocol", "A user may have 16 of these requests under way at one server"),
    file: "core/server/http/attachment-routes.ts",
    from: "if ((this.#transfers.get(caller) ?? 0) >= transfersMax) {",
    to: "if ((this.#transfers.get(caller) ?? 0) < 0) {",
    tests: ["core/server/http/attachment-bounds.test.ts"],
  },
  "a transfer that has ended counts on": {
    promise: promised("protocol", "A user may have 16 of these requests under way at one server"),
    file: "core/server/http/attachment-routes.ts",
    from: "      if (user !== undefined) this.#ended(user);\n",
    to: "",
    tests: [refusals],
  },
  "the hash of a saved file is not checked": {
    promise: promised("protocol", "compare size and hash at the end"),
    file: "core/client/files/download.ts",
    from: "if (!equalBytes(await hashOf(unfinished), content.hash)) {",
    to: "if ((await hashOf(unfinished)).length !== content.hash.length) {",
    tests: [transfers],
  },
  "the hash of a previewed file is not checked": {
    promise: promised("protocol", "compare size and hash at the end"),
    file: "core/client/files/download.ts",
    from: `if (!equalBytes(createHash("sha256").update(bytes).digest(), content.hash)) throw otherFile();`,
    to: `if (!createHash("sha256").update(bytes).digest()) throw otherFile();`,
    tests: [transfers],
  },
  "a saved file replaces another": {
    promise: promised("security", "no file leaves its directory or replaces another, whatever its name"),
    file: "core/client/files/download.ts",
    from: "if (!options.replace) await claim(target);",
    to: "",
    tests: [transfers],
  },
  "a file that is too large is read into memory": {
    promise: promised("security", "What a connection, a user or a file may take is bounded"),
    file: "core/client/files/download.ts",
    from: "if (content.size > inMemoryBytesMax) throw",
    to: "if (content.size < 0) throw",
    tests: ["core/client/files/download.test.ts"],
  },
  "a download that begins anew at the server is taken for its middle": {
    promise: notSaved,
    file: "core/client/files/download.ts",
    from: "if (next > 0 && response.statusCode !== 206) {",
    to: "if (next < 0 && response.statusCode !== 206) {",
    tests: ["core/client/files/download.test.ts"],
  },
  "every chunk of a file is sealed under one nonce": {
    promise: promised("security", "No two chunks are sealed under the same key and nonce"),
    file: "core/e2ee/attachment.ts",
    from: "  writeUint32(nonce, 8, index);\n",
    to: "",
    tests: ["core/e2ee/golden.test.ts"],
  },
  "a chunk does not say of which place it is": {
    promise: promised("protocol", 'associated data: `"fastchat chunk v1'),
    file: "core/e2ee/attachment.ts",
    from: "  writeUint32(bound, context.length, index);\n",
    to: "",
    tests: ["core/e2ee/golden.test.ts"],
  },
  "a chunk does not say of how large a file it is": {
    promise: promised("protocol", 'associated data: `"fastchat chunk v1'),
    file: "core/e2ee/attachment.ts",
    from: "  writeUint53(bound, context.length + 8, size);\n",
    to: "",
    tests: ["core/e2ee/golden.test.ts"],
  },
  "a chunk is sealed that has changed since the file was hashed": {
    promise: oneNonce,
    file: "core/client/files/upload.ts",
    from: "      if (!known || !equalBytes(sha256(plain), known)) {",
    to: "      if (!known) {",
    tests: [upload],
  },
  "a file counts as sent though the server has lost a part of it": {
    promise: goesOn,
    file: "core/client/files/upload.ts",
    from: "  if ((await missingChunks(server, begin, shape.chunks, signal)).length > 0) {",
    to: "  if (missing.length > 0) {",
    tests: [upload],
  },
  "a server may contradict itself about what it has of a file": {
    promise: believes,
    file: "core/client/files/upload.ts",
    from: "parsed.data.complete !== (wanted.size === 0)",
    to: "parsed.data.complete === undefined",
    tests: [upload],
  },
  "a transfer that no server answers goes on for ever": {
    promise: bounds,
    file: "core/client/files/transfer.ts",
    from: "if (!passes || this.#clock.monotonic() > deadline) throw",
    to: "if (!passes || this.#clock.monotonic() < 0 * deadline) throw",
    tests: [upload],
  },
  "a transfer stays with a server that does not answer": {
    promise: goesOn,
    file: "core/client/files/transfer.ts",
    from: `      this.#url = undefined;
      await sleep`,
    to: "      await sleep",
    tests: [upload],
  },
  "a transfer ends when a server is busy": {
    promise: goesOn,
    file: "core/client/files/transfer.ts",
    from: `code === "offline" || code === "busy" || code === "internal"`,
    to: `code === "offline" || code === "internal"`,
    tests: [upload],
  },
  "a transfer that was refused for good is asked for again and again": {
    promise: bounds,
    file: "core/client/files/transfer.ts",
    from: "if (!passes || this.#clock",
    to: "if (this.#clock",
    tests: [upload],
  },
  "each chunk of a file asks which server to go to": {
    promise: servers,
    file: "core/client/files/transfer.ts",
    from: `    this.#url = dialled.value;
`,
    to: "",
    tests: [upload],
  },
};
