import { writeUint32 } from "../wire/bytes.ts";

/** COPY's binary form (PostgreSQL manual, COPY, "Binary Format"): signature, flags and extension length; rows; end. */
export const copySignature: Uint8Array = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
export const copyEnd: Uint8Array = Buffer.from([0xff, 0xff]);

/** The values of a copied column, as views of these bytes. */
export function copiedValues(bytes: Buffer): Uint8Array[] {
  const values: Uint8Array[] = [];
  let at = copySignature.length;
  while (bytes.readInt16BE(at) === 1) {
    const end = at + 6 + bytes.readInt32BE(at + 2);
    values.push(bytes.subarray(at + 6, end));
    at = end;
  }
  return values;
}

/** A row of these values, which are in the form that PostgreSQL's `…_recv` functions read. */
export function copyRow(...values: readonly Uint8Array[]): Uint8Array[] {
  return [Buffer.from([0, values.length]), ...values.flatMap((value) => [uint32(value.length), value])];
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  writeUint32(bytes, 0, value);
  return bytes;
}
