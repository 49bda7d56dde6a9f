import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { z } from "zod";
import { Failure, messageOf } from "../../platform/failure.ts";
import { projectRoot } from "../../platform/project-root.ts";

/**
 * What may be loaded of the native transport. Its package brings machine code that somebody else has built; what this
 * version of FastChat was tested with is recorded by its SHA-256, and anything else is not loaded.
 */
export type NativeVerdict =
  /** The binary for this Node version and platform is the recorded one. */
  | { readonly kind: "recorded" }
  /** The package has no binary for this Node version and platform. */
  | { readonly kind: "absent" }
  /** It has one that nobody has recorded: it was changed, or replaced by another build. */
  | { readonly kind: "changed"; readonly file: string; readonly sha256: string }
  /** What was recorded cannot be read, so that nobody can tell. */
  | { readonly kind: "unknown"; readonly detail: string };

const recordFields = z.strictObject({ package: z.string(), sha256: z.record(z.string(), z.string()) });
/** What `native-binaries.json` says: the package it was made from, and the SHA-256 of each of its binaries by name. */
export type NativeRecord = z.output<typeof recordFields>;

export const nativeRecordFile = path.join(projectRoot, "core/server/transport/native-binaries.json");

const binaryName = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
/** Under which a thread finds what was found. */
export const verdictKey = "fastchat: native transport";

/** Looked at once a process, which takes some 10 ms: a thread is told by the one that started it. */
export function nativeVerdict(): NativeVerdict {
  const known = getEnvironmentData(verdictKey) as unknown as NativeVerdict | undefined;
  if (known) return known;
  const verdict = verdictBy(nativeRecordFile);
  setEnvironmentData(verdictKey, verdict);
  return verdict;
}

/** On the binary for this Node version and platform, by what a file has recorded. */
export function verdictBy(recordFile: string): NativeVerdict {
  let record: NativeRecord;
  try {
    record = recordFields.parse(JSON.parse(readFileSync(recordFile, "utf8")));
  } catch (cause) {
    return { kind: "unknown", detail: `${recordFile}: ${messageOf(cause)}` };
  }
  return verdictOn(path.join(nativePackage().binaries, binaryName), record);
}

/** Compares one binary with the record. */
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

/** Why no binary is loaded where there is nothing to compare it with, and how to go on. */
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

/** What there is to record of the installed package. */
export function readNativeRecord(): NativeRecord {
  const { directory, binaries } = nativePackage();
  const { name, version } = JSON.parse(readFileSync(path.join(directory, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const files = readdirSync(binaries)
    .filter((file) => file.endsWith(".node"))
    .sort();
  return {
    package: `${name} ${version}`,
    sha256: Object.fromEntries(files.map((file) => [file, sha256Of(path.join(binaries, file))])),
  };
}

const sha256Of = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
