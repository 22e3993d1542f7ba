// Raw results as JSON: every figure, and every update in columns.

type Results = { results: unknown[]; [fact: string]: unknown };

export async function writeResults(file: string, results: Results): Promise<void> {
  await Bun.write(file, `${JSON.stringify(results, columnsAsArrays)}\n`);
}

/** Columns become plain arrays of milliseconds with three decimals; NaN, "never happened", becomes null. */
function columnsAsArrays(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array) return Array.from(value, (each) => (Number.isNaN(each) ? null : round(each)));
  return value instanceof Uint16Array ? Array.from(value) : value;
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
