/** Draws bytes that nobody can foresee: `randomBytes`, except in tests. */
export type DrawBytes = (length: number) => Uint8Array;

const serialBytes = 16;

/**
 * A certificate's serial number, never the same twice, in hexadecimal as node-forge takes it: the content of a DER INTEGER,
 * positive, of at most 20 octets (RFC 5280 section 4.1.2.2).
 *
 * Its first byte is 0x40 to 0x7f whatever is drawn: from 0x80 on the number would be negative, and with a zero it would have an
 * octet more than it needs, which OpenSSL refuses as "illegal padding" (X.690 section 8.3.2).
 */
export function drawSerialNumber(draw: DrawBytes): string {
  const bytes = Buffer.from(draw(serialBytes));
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString("hex");
}
