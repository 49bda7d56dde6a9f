import { isNamedExif, namedExifOf, orientationOf } from "./exif.ts";
import type { PictureFormat, StoredShape } from "./format.ts";
import { Unsound } from "./unsound.ts";

/** JPEG: ITU-T T.81, annex B. */
export const jpeg: PictureFormat = { header, strip };

/** A marker with what belongs to it. */
interface Segment {
  readonly marker: number;
  /** The bytes behind its length; empty for the end of the image, which has neither. */
  readonly payload: Buffer;
  /** All of its bytes, marker and length included. */
  readonly whole: Buffer;
  /** Its end in the file. */
  readonly end: number;
}

const marker = { app0: 0xe0, app1: 0xe1, app2: 0xe2, app14: 0xee, app15: 0xef, comment: 0xfe, scan: 0xda, end: 0xd9 };

/**
 * The segments of a JPEG up to the end of the image: each has a marker and a length. Behind the start of a scan come coded
 * bytes. The generator passes over them only when the next segment is wanted, so that reading a header never does.
 */
function* segments(bytes: Buffer): Generator<Segment, void> {
  for (let at = 2; ; ) {
    if (bytes.readUInt8(at) !== 0xff) throw new Unsound();
    const kind = bytes.readUInt8(at + 1);
    if (kind === 0xff) {
      at++; // A fill byte.
      continue;
    }
    if (kind === marker.end) {
      const end = at + 2;
      yield { marker: kind, payload: bytes.subarray(end, end), whole: bytes.subarray(at, end), end };
      return;
    }
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw new Unsound();
    yield { marker: kind, payload: bytes.subarray(at + 4, end), whole: bytes.subarray(at, end), end };
    at = kind === marker.scan ? endOfScan(bytes, end) : end;
  }
}

/** Where coded bytes end that begin at `from`: at the first marker that is no stuffed zero and no restart marker. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes.readUInt8(at + 1);
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new Unsound();
}

const isExif = (segment: Segment): boolean => segment.marker === marker.app1 && isNamedExif(segment.payload);

/** A progressive JPEG has about ten scans. Each goes over the whole picture, so a small file of many could take hours of a core. */
const scansMax = 100;

function header(bytes: Buffer): StoredShape {
  let orientation = 1;
  for (const segment of segments(bytes)) {
    const { marker: kind, payload, end } = segment;
    if (isExif(segment)) orientation = orientationOf(payload);
    else if (isFrameHeader(kind)) {
      if (countOf(bytes, scanMarker, end) > scansMax) throw new Unsound("too many passes");
      return { width: payload.readUInt16BE(3), height: payload.readUInt16BE(1), orientation };
    } else if (kind === marker.scan) break;
  }
  throw new Unsound();
}

/** Whether a marker is one of the SOF markers, which begin the frame header; DHT, JPG and DAC lie among them. */
const isFrameHeader = (kind: number): boolean =>
  kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc;

const scanMarker = Buffer.from([0xff, marker.scan]);

function countOf(bytes: Buffer, what: Buffer, from: number): number {
  let count = 0;
  for (let at = bytes.indexOf(what, from); at >= 0; at = bytes.indexOf(what, at + what.length)) count++;
  return count;
}

function strip(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, 2)];
  let orientation = 1;
  let scanFrom: number | undefined;
  let hasJfif = false;
  for (const segment of segments(bytes)) {
    if (scanFrom !== undefined) kept.push(bytes.subarray(scanFrom, segment.end - segment.whole.length));
    scanFrom = segment.marker === marker.scan ? segment.end : undefined;
    if (isExif(segment)) orientation = orientationOf(segment.payload);
    else if (isNeeded(segment)) {
      if (kept.length === 1) hasJfif = segment.marker === marker.app0;
      kept.push(segment.whole);
    }
  }
  if (orientation !== 1) kept.splice(hasJfif ? 2 : 1, 0, exifSegment(orientation));
  return kept;
}

/** Whether a decoder needs a segment: of application segments only JFIF, colour profiles and Adobe's colour transform. */
function isNeeded({ marker: kind, payload }: Segment): boolean {
  const isApplication = kind >= marker.app0 && kind <= marker.app15;
  if (!isApplication) return kind !== marker.comment;
  const name = payload.toString("latin1", 0, 12);
  if (kind === marker.app0) return name.startsWith("JFIF\0");
  if (kind === marker.app2) return name.startsWith("ICC_PROFILE\0");
  return kind === marker.app14 && name.startsWith("Adobe");
}

function exifSegment(orientation: number): Buffer {
  const exif = namedExifOf(orientation);
  const head = Buffer.from([0xff, marker.app1, 0, 0]);
  head.writeUInt16BE(2 + exif.length, 2);
  return Buffer.concat([head, exif]);
}
