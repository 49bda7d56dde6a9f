/** The kinds of picture that are walked, stripped and shown here. */
export type PictureType = "image/jpeg" | "image/png" | "image/gif" | "image/webp";

/** The media type of an image by its first 32 bytes; undefined for any other file. */
export function imageType(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(32, head.byteLength)).toString("latin1");
  return signatures.find(([, isOf]) => isOf(text))?.[0];
}

const signatures: readonly (readonly [type: string, isOf: (head: string) => boolean])[] = [
  ["image/jpeg", (head) => head.startsWith("\xff\xd8\xff")],
  ["image/png", (head) => head.startsWith("\x89PNG\r\n\x1a\n")],
  ["image/gif", (head) => /^GIF8[79]a/.test(head)],
  ["image/webp", (head) => /^RIFF[^]{4}WEBP/.test(head)],
  ["image/heic", (head) => /^[^]{4}ftyp(heic|heix|hevc|heim|heis|mif1|msf1)/.test(head)],
  ["image/avif", (head) => /^[^]{4}ftypavi[fs]/.test(head)],
  ["image/tiff", (head) => head.startsWith("II*\0") || head.startsWith("MM\0*")],
  ["image/jxl", (head) => head.startsWith("\xff\x0a") || head.startsWith("\0\0\0\x0cJXL ")],
];
