import { z } from 'zod';
import { Refusal } from '../protocol';
import type { Stored } from '../store';
import { checkShape, checkValues, newId, objects, recordSchema, refusal, type StoredRecord } from './objects';

export const recordsSchema = z.array(recordSchema);

type Values = Readonly<Record<string, unknown>>;

export interface Written {
  readonly id: string;
  readonly created: boolean;
}

/** All that the org holds, of every type. */
export type Records = Stored<StoredRecord[]>;

/** @throws Refusal */
export function update(records: Records, type: string, id: string, values: Values): Written {
  const record = ofType(records, type).find(({ Id }) => Id === id);
  if (record === undefined) throw notFound();
  checkShape(type, values);
  return write(records, type, record, values);
}

/** @throws Refusal */
export function upsert(records: Records, type: string, keyField: string, key: string, values: Values): Written {
  if (keyField in values) throw refusal('INVALID_FIELD', `The ${keyField} field should not be specified`, [keyField]);
  checkKey(type, keyField);
  checkShape(type, values);
  return write(records, type, keyed(records, type, keyField, key), { ...values, [keyField]: key });
}

/** Each record on its own. @throws Refusal of what makes the collection as a whole unreadable */
export function upsertAll(
  records: Records,
  type: string,
  keyField: string,
  all: readonly Values[],
): readonly (Written | Refusal)[] {
  checkKey(type, keyField);
  for (const values of all) checkShape(type, values);
  const keys = all.map((values) => values[keyField]);
  return all.map((values) => {
    const key = values[keyField];
    if (typeof key !== 'string' || key === '') return refusal('MISSING_ARGUMENT', `${keyField} not specified`);
    if (keys.indexOf(key) !== keys.lastIndexOf(key))
      return refusal('DUPLICATE_VALUE', `Duplicate external id specified: ${key}`, [keyField]);
    return refusalOr(() => write(records, type, keyed(records, type, keyField, key), values));
  });
}

function write(records: Records, type: string, record: StoredRecord | undefined, values: Values): Written {
  const isNew = record === undefined;
  if (isNew && objects[type]?.isCreatable !== true)
    throw refusal('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', `${type} is not creatable`);
  checkValues(type, values, isNew);
  checkUnique(records, type, record, values);
  const id = record?.Id ?? newId(type, ofType(records, type).length + 1);
  const next = { type, Id: id, fields: { ...record?.fields, ...values } };
  const all = records.read();
  records.write(isNew ? [...all, next] : all.map((each) => (each === record ? next : each)));
  return { id, created: isNew };
}

function checkUnique(records: Records, type: string, record: StoredRecord | undefined, values: Values): void {
  for (const [name, { externalId }] of Object.entries(objects[type]?.fields ?? {})) {
    const value = values[name];
    const other = externalId && typeof value === 'string' ? keyed(records, type, name, value) : undefined;
    if (other !== undefined && other.Id !== record?.Id)
      throw refusal('DUPLICATE_VALUE', `${name} duplicates value on record ${other.Id}`);
  }
}

function checkKey(type: string, keyField: string): void {
  if (!objects[type]?.fields[keyField]?.externalId) throw notFound();
}

function keyed(records: Records, type: string, keyField: string, key: string): StoredRecord | undefined {
  return ofType(records, type).find(({ fields }) => fields[keyField] === key);
}

function ofType(records: Records, type: string): readonly StoredRecord[] {
  if (objects[type] === undefined) throw notFound();
  return records.read().filter((record) => record.type === type);
}

function refusalOr<T>(act: () => T): T | Refusal {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

export function notFound(): Refusal {
  return refusal('NOT_FOUND', 'The requested resource does not exist');
}
