/**
 * RFC 8259 §9 lets a reader set it. `JSON.stringify` overflows the stack at some 4,000 levels, `JSON.parse` at none: what
 * is deeper could be read, and never be handed on.
 */
export const MAX_DEPTH = 256;

/** Level by level: a walk that calls itself would overflow the stack. */
export function isDeeper(value: unknown, depth: number): boolean {
  let level = [value].filter(isCompound);
  for (let left = depth; left > 0 && level.length > 0; left -= 1)
    level = level.flatMap((each) => Object.values(each)).filter(isCompound);
  return level.length > 0;
}

function isCompound(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * JSON of a value that was read from JSON, never longer than that was. `JSON.stringify` writes `1e20` with 21 digits: a body
 * full of them grows from one megabyte to more than four, and Temporal takes two. Not for more than `MAX_DEPTH` levels.
 */
export function compactJson(value: unknown): string {
  if (typeof value === 'number') return shortestNumber(value);
  if (Array.isArray(value)) return `[${value.map(compactJson).join(',')}]`;
  if (value === undefined) return 'null';
  if (!isCompound(value)) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${compactJson(each)}`).join(',')}}`;
}

/** `1e20`, `12e20`, `0.5`: of the ways to write it, the shortest. */
function shortestNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const plain = String(value);
  if (plain.length < 5) return plain;
  const [, sign = '', whole = '', fraction = '', exponent = ''] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential()) ?? [];
  const short = `${sign}${whole}${fraction}e${Number(exponent) - fraction.length}`;
  return short.length < plain.length ? short : plain;
}
