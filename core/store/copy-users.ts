import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { connect } from "./database.ts";
import type { NewUser } from "./users.ts";

const rowsPerChunk = 500;

/** Inserts users by the hundred thousand, with COPY; all of them or, when one name is taken, none. */
export async function copyUsers(url: string, users: Iterable<NewUser>): Promise<void> {
  const client = await connect(url);
  try {
    const stream = client.query(
      copyFrom("COPY users (name, credential, record, identity) FROM STDIN WITH (FORMAT binary)"),
    );
    await pipeline(Readable.from(chunks(users), { objectMode: false }), stream);
  } finally {
    await client.end();
  }
}

/** COPY's binary form (PostgreSQL manual, COPY, "Binary Format"), some hundred rows at a time. */
function* chunks(users: Iterable<NewUser>): Iterable<Buffer> {
  yield Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
  let pieces: Uint8Array[] = [];
  let rows = 0;
  for (const { name, credential, record, identity } of users) {
    pieces.push(
      fieldCount,
      ...field(Buffer.from(name)),
      ...field(Buffer.from(credential)),
      ...field(record),
      ...field(identity),
    );
    if (++rows % rowsPerChunk !== 0) continue;
    yield Buffer.concat(pieces);
    pieces = [];
  }
  yield Buffer.concat([...pieces, Buffer.from([0xff, 0xff])]);
}

const fieldCount = Buffer.from([0, 4]);

function field(value: Uint8Array): [Uint8Array, Uint8Array] {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(value.length);
  return [length, value];
}
