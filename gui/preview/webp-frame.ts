/** The content of the first chunk of this name in a WebP (RFC 9649, section 2.3). */
export function webpChunk(file: Buffer, name: string): Buffer | undefined {
  for (const chunk of chunksOf(file.subarray(12))) if (chunk.name === name) return chunk.content;
  return undefined;
}

/** A WebP that stands still: of a moving one its first frame, as a file of its own; the decoder knows no others. */
export function firstWebpFrame(file: Buffer): Buffer {
  const frame = webpChunk(file, "ANMF");
  if (!frame) return file;
  // Section 2.7.1.1: 16 bytes of place, size and time, then the chunks of a still picture.
  const inside = frame.subarray(16);
  const isOpaque = ![...chunksOf(inside)].some(({ name }) => name === "ALPH");
  if (isOpaque) return riff(inside);
  const extended = Buffer.alloc(18);
  extended.write("VP8X", "latin1");
  extended.writeUInt32LE(10, 4);
  extended.writeUInt8(alphaFlag, 8);
  frame.copy(extended, 12, 6, 12); // Width and height, of three bytes each, as they are in the frame.
  return riff(Buffer.concat([extended, inside]));
}

const alphaFlag = 0x10;

function riff(chunks: Buffer): Buffer {
  const head = Buffer.from("RIFF\0\0\0\0WEBP", "latin1");
  head.writeUInt32LE(4 + chunks.length, 4);
  return Buffer.concat([head, chunks]);
}

function* chunksOf(bytes: Buffer): Generator<{ readonly name: string; readonly content: Buffer }> {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    yield { name: bytes.toString("latin1", at, at + 4), content: bytes.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length % 2);
  }
}
