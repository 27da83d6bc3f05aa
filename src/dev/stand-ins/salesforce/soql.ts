import { objects, refusal, type StoredRecord } from './objects';

interface Query {
  readonly type: string;
  readonly fields: readonly string[];
  /** Any of them. */
  readonly where: readonly { readonly field: string; readonly value: string }[];
}

/**
 * The SOQL that we ask: `SELECT <fields> FROM <object> WHERE <field> = '<text>' [OR …]`, and nothing else. Texts are
 * compared without case, as Salesforce does.
 * @throws Refusal
 */
export function runQuery(soql: string, records: readonly StoredRecord[]): readonly object[] {
  const query = parse(soql);
  const fields = objects[query.type]?.fields;
  if (fields === undefined) throw refusal('INVALID_TYPE', `sObject type '${query.type}' is not supported.`);
  const unknown = [...query.fields, ...query.where.map(({ field }) => field)].find(
    (name) => name !== 'Id' && !Object.hasOwn(fields, name),
  );
  if (unknown !== undefined) throw refusal('INVALID_FIELD', `No such column '${unknown}' on entity '${query.type}'.`);
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

function isSame(stored: unknown, asked: string): boolean {
  return typeof stored === 'string' && stored.toLowerCase() === asked.toLowerCase();
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
const SHAPE = /^SELECT (\w+(?:, ?\w+)*) FROM (\w+) WHERE (.+)$/;
const CONDITION = /(\w+) = '((?:[^'\\\r\n]|\\[\\'"nrtbf])*)'(?: OR (?=.)|$)/y;

/** @throws Refusal */
function parse(soql: string): Query {
  const [, fields = '', type = '', conditions = ''] = SHAPE.exec(soql) ?? [];
  const where: { field: string; value: string }[] = [];
  for (let at = 0; at < conditions.length || where.length === 0; at = CONDITION.lastIndex) {
    CONDITION.lastIndex = at;
    const [, field, value = ''] = CONDITION.exec(conditions) ?? [];
    if (field === undefined) throw refusal('MALFORMED_QUERY', 'unexpected token in the query');
    where.push({ field, value: value.replace(/\\(.)/g, (_, letter: string) => CONTROLS[letter] ?? letter) });
  }
  return { type, fields: fields.split(/, ?/), where };
}
