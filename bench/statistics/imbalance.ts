/** How unevenly something is spread over servers. */
export interface Imbalance {
  /** The fullest server's part over the mean; 1 is even. */
  readonly maxOverMean: number;
  /** Standard deviation over mean; 0 is even. */
  readonly cv: number;
  /** Jain's fairness index (Jain, Chiu, Hawe 1984): from 1 over the number of servers to 1, which is even. */
  readonly jain: number;
}

export function imbalanceOf(parts: readonly number[]): Imbalance {
  const sum = parts.reduce((total, part) => total + part, 0);
  if (sum === 0) return { maxOverMean: 1, cv: 0, jain: 1 };
  const mean = sum / parts.length;
  const squares = parts.reduce((total, part) => total + part * part, 0);
  const variance = Math.max(0, squares / parts.length - mean * mean);
  return {
    maxOverMean: Math.max(...parts) / mean,
    cv: Math.sqrt(variance) / mean,
    jain: (sum * sum) / (parts.length * squares),
  };
}
