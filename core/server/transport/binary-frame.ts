/**
 * A server's binary message as it travels (RFC 6455 section 5.2): one frame, final and not masked. It can be written to any
 * number of sockets. The payload is copied, so its bytes may be used again.
 */
export function binaryFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = finalBinary;
  if (headerBytes === 2) {
    frame[1] = length;
  } else if (headerBytes === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, headerBytes);
  return frame;
}

/** FIN, no extension bit, opcode 2. */
const finalBinary = 0x82;
