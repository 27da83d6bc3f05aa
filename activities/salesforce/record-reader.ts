import type { SalesforceNames } from '../../src/domain';
import { literal, type Fields, type SalesforceApi } from './api';
import { isEqual } from './record';

/** What stands in a record of the training object, by its key. */
export interface RecordReader {
  /** Null: there is no such record. */
  readonly read: (key: string, fields: readonly string[]) => Promise<Fields | null>;
  /** Does the record say what we would write? */
  readonly holds: (key: string, fields: Fields) => Promise<boolean>;
}

export function createRecordReader(
  api: Pick<SalesforceApi, 'query'>,
  { trainingObject, keyField }: SalesforceNames,
): RecordReader {
  const read: RecordReader['read'] = async (key, fields) => {
    const names = ['Id', ...fields].join(', ');
    const [record] = await api.query(`SELECT ${names} FROM ${trainingObject} WHERE ${keyField} = ${literal(key)}`);
    return record === undefined ? null : Object.fromEntries(fields.map((name) => [name, record[name] ?? null]));
  };
  const holds: RecordReader['holds'] = async (key, fields) => {
    const record = await read(key, Object.keys(fields));
    return record !== null && Object.entries(fields).every(([name, value]) => isEqual(record[name], value));
  };
  return { read, holds };
}
