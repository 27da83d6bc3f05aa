import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../nearest';

type Issue = z.core.$ZodIssue;

/** A sentence for each fault of the YAML file, with the text of its line: the file has no secrets. */
export function explainPolicy(error: z.ZodError, schema: z.ZodType, source: { path: string; text: string }): string[] {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines });
  const textAt = (path: readonly PropertyKey[]): string => {
    const offset = offsetOf(document, path);
    if (offset === undefined) return '';
    const { line } = lines.linePos(offset);
    return ` (line ${line}: ${(source.text.split('\n')[line - 1] ?? '').trim()})`;
  };
  const faultAt = (path: readonly PropertyKey[], key: string | undefined, sentence: string): string =>
    `${source.path}: ${path.join('.') || '(top level)'}: ${sentence}${textAt(key === undefined ? path : [...path, key])}`;
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [faultAt(issue.path, undefined, sentenceOf(issue))];
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => faultAt(issue.path, key, unknownKey(key, known)));
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `unknown key ${key}${meant === undefined ? '' : `: did you mean ${meant}?`}`;
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map (`key: value`)',
  record: 'a map (`key: value`)',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
const FORMATS: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  date: 'a date, such as 2026-12-25',
  url: 'a URL',
  safeint: 'a whole number',
};

function sentenceOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      return issue.format in FORMATS ? `must be ${FORMATS[issue.format]}` : issue.message;
    case 'too_small':
      return `must ${bound(issue.origin, relation(issue.inclusive, 'at least', 'more than'), issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, relation(issue.inclusive, 'at most', 'less than'), issue.maximum)}`;
    case 'invalid_key':
      return 'unknown name';
    default:
      return issue.message;
  }
}

function relation(isInclusive: boolean | undefined, inclusive: string, exclusive: string): string {
  return isInclusive === false ? exclusive : inclusive;
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  if (origin === 'array') return `have ${relation} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return origin === 'string'
    ? `have ${relation} ${limit} character${limit === 1 ? '' : 's'}`
    : `be ${relation} ${limit}`;
}

/** Where the key of `path` is, or else the nearest node above it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === last) : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

/** The keys that an object of the schema has at `path`. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: Inner | undefined = schema as Inner;
  for (const step of path) {
    const { shape, valueType, element }: Partial<Inner['def']> = inside(here)?.def ?? {};
    here = shape?.[String(step)] ?? valueType ?? element;
  }
  return Object.keys(inside(here)?.def.shape ?? {});
}

interface Inner {
  readonly def: {
    readonly innerType?: Inner;
    readonly out?: Inner;
    readonly shape?: Readonly<Record<string, Inner>>;
    readonly valueType?: Inner;
    readonly element?: Inner;
  };
}

/** Without defaults, transformations and the like around it. */
function inside(schema: Inner | undefined): Inner | undefined {
  const within = schema?.def.innerType ?? schema?.def.out;
  return within === undefined ? schema : inside(within);
}
