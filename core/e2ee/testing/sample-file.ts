import type { FileContent } from "../content.ts";

/** What a message says of a file that was sent with it. */
export const sampleFile: FileContent = {
  kind: "file",
  name: "holiday.jpg",
  mediaType: "image/jpeg",
  size: 123_456,
  attachment: Buffer.alloc(16, 1),
  key: Buffer.alloc(32, 2),
  hash: Buffer.alloc(32, 3),
};
