import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { copyEnd, copyRow, copySignature } from "./copy-binary.ts";
import { connect } from "./database.ts";
import type { NewUser } from "./users.ts";

const rowsPerChunk = 500;

/** Inserts any number of users with COPY: all of them or, when one name is taken, none. */
export async function copyUsers(url: string, users: Iterable<NewUser>): Promise<void> {
  const client = await connect(url, { queryMsMax: 0 });
  try {
    const stream = client.query(
      copyFrom("COPY users (name, credential, record, identity) FROM STDIN WITH (FORMAT binary)"),
    );
    await pipeline(Readable.from(chunks(users), { objectMode: false }), stream);
  } finally {
    await client.end();
  }
}

/** COPY's input, in pieces of some hundred rows. */
function* chunks(users: Iterable<NewUser>): Iterable<Uint8Array> {
  yield copySignature;
  let pieces: Uint8Array[] = [];
  let rows = 0;
  for (const { name, credential, record, identity } of users) {
    pieces.push(...copyRow(Buffer.from(name), Buffer.from(credential), record, identity));
    if (++rows % rowsPerChunk !== 0) continue;
    yield Buffer.concat(pieces);
    pieces = [];
  }
  yield Buffer.concat([...pieces, copyEnd]);
}
