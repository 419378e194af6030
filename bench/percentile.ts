/** The value below which `percent` of the samples lie (nearest rank), to one decimal. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  return round(value ?? Number.NaN);
}

export function round(value: number, decimals = 1): number {
  return Number(value.toFixed(decimals));
}
