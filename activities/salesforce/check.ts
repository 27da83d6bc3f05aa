import type { SalesforceNames } from '../../src/domain';
import type { Check } from '../connector';
import { rejected } from '../failure';
import type { FieldDescription, SalesforceApi } from './api';

/** What we need of an object: its fields, which of them is an external id, and the values of a picklist. */
interface Needed {
  readonly object: string;
  readonly fields: readonly (string | null)[];
  readonly keyField?: string;
  readonly values?: { readonly field: string | null; readonly of: readonly string[] };
}

/**
 * Every object, field and picklist value that the policy names is there, and our user sees it. Reads descriptions, and no record.
 * Each check @throws `salesforce.rejected` naming each that is not; `salesforce.unavailable` (retries).
 */
export function nameChecks(api: SalesforceApi, names: SalesforceNames): readonly Check[] {
  return neededBy(names).map((needed) => async () => {
    const faults = faultsOf(needed, await api.describe(needed.object));
    const advice = "Correct the policy's `salesforce`, or let our user see it";
    if (faults.length > 0) throw rejected('salesforce', faults.join('; '), { advice });
  });
}

function neededBy(names: SalesforceNames): readonly Needed[] {
  const { trainingObject, keyField, trainingFields, statuses, contactKeyField, contactFields, userIdField } = names;
  return [
    {
      object: trainingObject,
      fields: Object.values(trainingFields),
      keyField,
      values: { field: trainingFields.status, of: Object.values(statuses) },
    },
    { object: 'Contact', fields: ['Email', ...Object.values(contactFields)], keyField: contactKeyField },
    { object: 'User', fields: ['Username', 'Email', 'IsActive', userIdField] },
    { object: 'UserLogin', fields: ['UserId', 'IsFrozen'] },
  ];
}

function faultsOf({ object, fields, keyField, values }: Needed, there: readonly FieldDescription[] | null): string[] {
  if (there === null) return [`has no object ${object}`];
  const find = (name: string | null | undefined): FieldDescription | undefined =>
    there.find((one) => one.name.toLowerCase() === name?.toLowerCase());
  const wanted = [...fields, keyField ?? null].filter((name) => name !== null);
  const missing = wanted.filter((name) => find(name) === undefined).map((name) => `has no field ${object}.${name}`);
  const key = find(keyField);
  const noKey =
    key !== undefined && key.externalId !== true ? [`has ${object}.${key.name}, which is no external id`] : [];
  return [...missing, ...noKey, ...missingValues(object, find(values?.field), values?.of ?? [])];
}

/** A picklist that takes other values than its own is as good as a text. */
function missingValues(object: string, field: FieldDescription | undefined, wanted: readonly string[]): string[] {
  if (field?.restrictedPicklist !== true) return [];
  const known = (field.picklistValues ?? []).filter(({ active }) => active !== false).map(({ value }) => value);
  return wanted.filter((one) => !known.includes(one)).map((one) => `has no value "${one}" of ${object}.${field.name}`);
}
