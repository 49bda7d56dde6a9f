/**
 * The whole number that a text from outside writes in decimal digits: no sign, no leading zero, no space, no exponent, no
 * `0x`, and small enough to be exact. Undefined for any other text.
 */
export function wholeNumber(text: string | null | undefined): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(String(text))) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** As `wholeNumber`, but digits behind a point may follow. */
export function decimalNumber(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
