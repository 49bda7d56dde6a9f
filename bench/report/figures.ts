/** A number as people read it: three significant digits, no exponent; a dash for NaN. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3).replace(/\.?0+$/, "");
}

/** A count with its noun: `1 server`, `4 servers`. */
export function counted(count: number, what: string): string {
  return `${figure(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** Two quantiles side by side, or a dash. */
export function pair(quantiles: { readonly p50: number; readonly p99: number } | null): string {
  return quantiles ? `${figure(quantiles.p50)} / ${figure(quantiles.p99)}` : "–";
}
