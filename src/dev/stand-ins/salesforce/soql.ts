import { objects, type Refusal, type StoredRecord } from './objects';

interface Query {
  readonly type: string;
  readonly fields: readonly string[];
  /** Any of them. */
  readonly where: readonly { readonly field: string; readonly value: string }[];
}

/**
 * The SOQL that we ask: `SELECT <fields> FROM <object> WHERE <field> = '<text>' [OR …]`, and not a word more. Texts are
 * compared without case, as Salesforce does.
 */
export function runQuery(soql: string, records: readonly StoredRecord[]): readonly object[] | Refusal {
  const query = parse(soql);
  if (query === undefined) return { code: 'MALFORMED_QUERY', message: 'unexpected token in the query', fields: [] };
  const fields = objects[query.type]?.fields;
  if (fields === undefined)
    return { code: 'INVALID_TYPE', message: `sObject type '${query.type}' is not supported.`, fields: [] };
  const unknown = [...query.fields, ...query.where.map(({ field }) => field)].find(
    (name) => name !== 'Id' && !Object.hasOwn(fields, name),
  );
  if (unknown !== undefined)
    return { code: 'INVALID_FIELD', message: `No such column '${unknown}' on entity '${query.type}'.`, fields: [] };
  return records
    .filter(({ type }) => type === query.type)
    .filter((record) => query.where.some(({ field, value }) => isSame(valueOf(record, field), value)))
    .map((record) => ({
      attributes: { type: query.type, url: `/services/data/v62.0/sobjects/${query.type}/${record.Id}` },
      ...Object.fromEntries(query.fields.map((name) => [name, valueOf(record, name) ?? null])),
    }));
}

function valueOf({ Id, fields }: StoredRecord, name: string): unknown {
  return name === 'Id' ? Id : fields[name];
}

function isSame(held: unknown, asked: string): boolean {
  return typeof held === 'string' && held.toLowerCase() === asked.toLowerCase();
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
const SHAPE = /^SELECT (\w+(?:, ?\w+)*) FROM (\w+) WHERE (.+)$/;
const CONDITION = /(\w+) = '((?:[^'\\\r\n]|\\[\\'"nrtbf])*)'(?: OR (?=.)|$)/y;

function parse(soql: string): Query | undefined {
  const [, fields = '', type = '', conditions = ''] = SHAPE.exec(soql) ?? [];
  const where: { field: string; value: string }[] = [];
  const condition = new RegExp(CONDITION);
  while (condition.lastIndex < conditions.length) {
    const match = condition.exec(conditions);
    if (match === null) return undefined;
    const [, field = '', value = ''] = match;
    where.push({ field, value: value.replace(/\\(.)/g, (_, letter: string) => CONTROLS[letter] ?? letter) });
  }
  return where.length === 0 ? undefined : { type, fields: fields.split(/, ?/), where };
}
