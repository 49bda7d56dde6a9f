import { readUint32, writeUint32 } from "../wire/bytes.ts";

/** Reads frames that follow each other, each after its length of 4 bytes; the last one may be cut off. */
export function* framesIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = Math.min(bytes.length, at + 4 + readUint32(bytes, at));
    yield bytes.subarray(at + 4, end);
    at = end;
  }
}

export function joinedFrames(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = new Uint8Array(4);
      writeUint32(length, 0, frame.length);
      return [length, frame];
    }),
  );
}
