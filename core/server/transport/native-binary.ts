import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { z } from "zod";
import { Failure, messageOf } from "../../platform/failure.ts";
import { projectRoot } from "../../platform/project-root.ts";

const verdictFields = z.discriminatedUnion("kind", [
  /** The binary for this Node version and platform is the recorded one. */
  z.strictObject({ kind: z.literal("recorded") }),
  /** The package has no binary for this Node version and platform. */
  z.strictObject({ kind: z.literal("absent") }),
  /** The binary is not the recorded one: it was changed, or replaced by another build. */
  z.strictObject({ kind: z.literal("changed"), file: z.string(), sha256: z.string() }),
  /** The record cannot be read, so there is nothing to compare the binary with. */
  z.strictObject({ kind: z.literal("unknown"), detail: z.string() }),
]);
/**
 * Whether the binary of the native transport may be loaded. Its package brings machine code that somebody else has built. The
 * binaries with which this version of FastChat was tested are recorded by their SHA-256, and no other is loaded.
 */
export type NativeVerdict = Readonly<z.output<typeof verdictFields>>;

const recordFields = z.strictObject({ package: z.string(), sha256: z.record(z.string(), z.string()) });
/**
 * The content of `native-binaries.json`: the package that it was made from, and the SHA-256 of each of its binaries by name.
 */
export type NativeRecord = z.output<typeof recordFields>;

/** The fields of a `package.json` that the record has. */
const packageFields = z.object({ name: z.string(), version: z.string() });

export const nativeRecordFile = path.join(projectRoot, "core/server/transport/native-binaries.json");

const binaryName = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
/** The name under which a thread finds the verdict of the thread that started it. */
export const verdictKey = "fastchat: native transport";

/** The verdict on this process's binary. It takes some 10 ms, so it is found once a process, and handed to the threads. */
export function nativeVerdict(): NativeVerdict {
  const known = verdictFields.optional().parse(getEnvironmentData(verdictKey));
  if (known) return known;
  const verdict = verdictBy(nativeRecordFile);
  setEnvironmentData(verdictKey, verdict);
  return verdict;
}

/** The verdict on the binary for this Node version and platform, by the record in a file. */
export function verdictBy(recordFile: string): NativeVerdict {
  let record: NativeRecord;
  try {
    record = readRecord(recordFile);
  } catch (cause) {
    return { kind: "unknown", detail: `${recordFile}: ${messageOf(cause)}` };
  }
  return verdictOn(path.join(nativePackage().binaries, binaryName), record);
}

/** The record in a file; throws when the file has none. */
export function readRecord(file: string): NativeRecord {
  return recordFields.parse(JSON.parse(readFileSync(file, "utf8")));
}

/** The verdict on one binary. */
export function verdictOn(file: string, record: NativeRecord): NativeVerdict {
  if (!existsSync(file)) return { kind: "absent" };
  const sha256 = sha256Of(file);
  if (record.sha256[path.basename(file)] === sha256) return { kind: "recorded" };
  return { kind: "changed", file, sha256 };
}

/** Why a changed binary is not loaded, and how to go on. */
export function nativeBinaryChanged({ file, sha256 }: Extract<NativeVerdict, { kind: "changed" }>): Failure {
  return new Failure(
    "native_binary_changed",
    `${file} is not the binary of uWebSockets.js that this version of FastChat was tested with (its SHA-256 is ${sha256})`,
    "npm ci brings that one back; npm run accept-native records this one, if it is there by your own decision; " +
      "--transport ws goes without",
  );
}

/** Why no binary is loaded without a record, and how to go on. */
export function nativeRecordUnreadable({ detail }: Extract<NativeVerdict, { kind: "unknown" }>): Failure {
  return new Failure(
    "native_record_unreadable",
    `what binary of uWebSockets.js this version of FastChat was tested with cannot be read: ${detail}`,
    "bring the file back (git checkout), or record what is installed with npm run accept-native; --transport ws goes without",
  );
}

/** The installed package: its binaries are in `dist/bin` in uws-pack, and beside its `package.json` in upstream's. */
export function nativePackage(): { readonly directory: string; readonly binaries: string } {
  let directory = path.dirname(fileURLToPath(import.meta.resolve("uWebSockets.js")));
  while (!existsSync(path.join(directory, "package.json"))) directory = path.dirname(directory);
  const packed = path.join(directory, "dist", "bin");
  return { directory, binaries: existsSync(packed) ? packed : directory };
}

/** The record of the installed package. */
export function readNativeRecord(): NativeRecord {
  const { directory, binaries } = nativePackage();
  const { name, version } = packageFields.parse(JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")));
  const files = readdirSync(binaries)
    .filter((file) => file.endsWith(".node"))
    .sort();
  return {
    package: `${name} ${version}`,
    sha256: Object.fromEntries(files.map((file) => [file, sha256Of(path.join(binaries, file))])),
  };
}

const sha256Of = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
