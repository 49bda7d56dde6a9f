import { renderUnicodeCompact } from "uqr";

/** A safety number as a QR code of block characters, dark on light or inverted, for another machine's camera. */
export function safetyNumberQr(digits: string, { inverted = false } = {}): string {
  return renderUnicodeCompact(digits, { invert: inverted, border: 2 });
}
