/**
 * Ed25519 public keys of small order, as y without its sign: anybody can make signatures that verify under them, for some or
 * all messages. Points of order 1, 2, 4 and 8, and two of them in encodings that are not reduced. (Cremers and Jackson, "Prime,
 * Order Please!", 2019; the list is libsodium's.)
 */
const smallOrder: ReadonlySet<string> = new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether a raw Ed25519 public key (RFC 8032) has a small order. No private key leads to one, so an honest key never has. */
export function hasSmallOrder(key: Uint8Array): boolean {
  const y = Buffer.from(key);
  const last = y.length - 1;
  y[last] = (y[last] ?? 0) & 0x7f;
  return smallOrder.has(y.toString("hex"));
}
