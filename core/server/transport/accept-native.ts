import { writeFileSync } from "node:fs";
import { nativeRecordFile, readNativeRecord } from "./native-binary.ts";

/**
 * `npm run accept-native`: records the installed binaries of the native transport, so that they are loaded from now on. The
 * record is part of the project: a review shows that it has changed, and from which package it was made.
 */
const record = readNativeRecord();
writeFileSync(nativeRecordFile, `${JSON.stringify(record, null, 2)}\n`);
process.stdout.write(`${Object.keys(record.sha256).length} binaries of ${record.package} are recorded\n`);
