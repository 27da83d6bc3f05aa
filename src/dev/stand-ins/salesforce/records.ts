import { z } from 'zod';
import { faultOfShape, faultOfValues, newId, objects, recordSchema, type Refusal, type StoredRecord } from './objects';
import type { Held } from '../store';

export const recordsSchema = z.array(recordSchema);

type Values = Readonly<Record<string, unknown>>;

export type Written = { readonly id: string; readonly created: boolean } | Refusal;

/** The records, and the three ways to write them that we use. */
export interface Records {
  readonly update: (type: string, id: string, values: Values) => Written;
  readonly upsert: (type: string, keyField: string, key: string, values: Values) => Written;
  /** Each for itself; a refusal alone when the collection as a whole cannot be read. */
  readonly upsertAll: (type: string, keyField: string, records: readonly Values[]) => readonly Written[] | Refusal;
}

export function isRefusal(written: object): written is Refusal {
  return 'code' in written;
}

export function createRecords(held: Held<StoredRecord[]>): Records {
  const ofType = (type: string): StoredRecord[] => held.read().filter((record) => record.type === type);

  function write(type: string, record: StoredRecord | undefined, values: Values): Written {
    const isNew = record === undefined;
    if (isNew && objects[type]?.isCreatable !== true)
      return { code: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', message: `${type} is not creatable`, fields: [] };
    const fault = faultOfValues(type, values, isNew) ?? faultOfUniqueness(type, record, values);
    if (fault !== null) return fault;
    const id = isNew ? newId(type, ofType(type).length + 1) : record.Id;
    const next = { type, Id: id, fields: { ...record?.fields, ...values } };
    const all = held.read();
    held.write(isNew ? [...all, next] : all.map((each) => (each === record ? next : each)));
    return { id, created: isNew };
  }

  function faultOfUniqueness(type: string, record: StoredRecord | undefined, values: Values): Refusal | null {
    for (const [name, { externalId }] of Object.entries(objects[type]?.fields ?? {})) {
      if (!externalId || typeof values[name] !== 'string') continue;
      const other = ofType(type).find((each) => each.fields[name] === values[name] && each.Id !== record?.Id);
      if (other !== undefined)
        return { code: 'DUPLICATE_VALUE', message: `${name} duplicates value on record ${other.Id}`, fields: [] };
    }
    return null;
  }

  function faultOfKey(type: string, keyField: string): Refusal | null {
    return objects[type]?.fields[keyField]?.externalId
      ? null
      : { code: 'NOT_FOUND', message: `Provided external ID field does not exist or is not accessible`, fields: [] };
  }

  const keyed = (type: string, keyField: string, key: string): StoredRecord | undefined =>
    ofType(type).find(({ fields }) => fields[keyField] === key);

  return {
    update: (type, id, values) => {
      const record = ofType(type).find(({ Id }) => Id === id);
      if (record === undefined)
        return { code: 'NOT_FOUND', message: 'Provided external ID field does not exist', fields: [] };
      return faultOfShape(type, values) ?? write(type, record, values);
    },
    upsert: (type, keyField, key, values) => {
      if (keyField in values)
        return { code: 'INVALID_FIELD', message: `The ${keyField} field should not be specified`, fields: [keyField] };
      const fault = faultOfKey(type, keyField) ?? faultOfShape(type, values);
      return fault ?? write(type, keyed(type, keyField, key), { ...values, [keyField]: key });
    },
    upsertAll: (type, keyField, records) => {
      const faults = [faultOfKey(type, keyField), ...records.map((values) => faultOfShape(type, values))];
      const fault = faults.find((each) => each !== null);
      if (fault) return fault;
      const keys = records.map((values) => values[keyField]);
      return records.map((values, index) => {
        const key = keys[index];
        if (typeof key !== 'string' || key === '')
          return { code: 'MISSING_ARGUMENT', message: `${keyField} not specified`, fields: [] };
        if (keys.indexOf(key) !== keys.lastIndexOf(key))
          return { code: 'DUPLICATE_VALUE', message: `Duplicate external id specified: ${key}`, fields: [keyField] };
        return write(type, keyed(type, keyField, key), values);
      });
    },
  };
}
