import { z } from 'zod';
import { people } from '../../people';
import { Refusal } from '../protocol';

/** What a field accepts. `text`: of so many characters at most. */
type FieldType =
  | { readonly of: 'text'; readonly length: number }
  | { readonly of: 'email' }
  | { readonly of: 'number' }
  | { readonly of: 'boolean' }
  | { readonly of: 'datetime' }
  | { readonly of: 'picklist'; readonly values: readonly string[] };

interface Field {
  readonly type: FieldType;
  readonly required?: true;
  /** Unique, and usable as the key of an upsert. */
  readonly externalId?: true;
  readonly readOnly?: true;
}

interface ObjectType {
  /** What ids begin with. */
  readonly prefix: string;
  readonly isCreatable: boolean;
  readonly fields: Readonly<Record<string, Field>>;
}

const text = (length = 255): Field => ({ type: { of: 'text', length } });
const [email, number, boolean, datetime] = (['email', 'number', 'boolean', 'datetime'] as const).map((of) => ({
  type: { of },
})) as [Field, Field, Field, Field];
const statuses = ['Completed', 'In progress', 'Recertification required', 'Certified', 'Lapsed'];

/** The org's objects, as far as this stand-in has them, by API name. */
export const objects: Readonly<Record<string, ObjectType>> = {
  Training_Status__c: {
    prefix: 'a00',
    isCreatable: true,
    fields: {
      External_Key__c: { ...text(), required: true, externalId: true },
      Learner_Id__c: text(),
      Learner_Email__c: email,
      Kind__c: { type: { of: 'picklist', values: ['course', 'certificate', 'module'] } },
      Title__c: text(),
      Status__c: { type: { of: 'picklist', values: statuses } },
      Score__c: number,
      Completed_At__c: datetime,
      Renewal_Deadline__c: datetime,
      Progress__c: number,
      Time_Spent_Seconds__c: number,
    },
  },
  Contact: {
    prefix: '003',
    isCreatable: true,
    fields: {
      FirstName: text(40),
      LastName: { ...text(80), required: true },
      Email: email,
      Title: text(128),
      Department: text(80),
      MindTickle_User_Id__c: { ...text(), externalId: true },
    },
  },
  User: {
    prefix: '005',
    isCreatable: false,
    fields: {
      Name: { ...text(), readOnly: true },
      Username: { ...text(80), readOnly: true },
      Email: { ...email, readOnly: true },
      FederationIdentifier: { ...text(512), readOnly: true },
      IsActive: { ...boolean, readOnly: true },
    },
  },
  UserLogin: {
    prefix: '0Yw',
    isCreatable: false,
    fields: { UserId: { ...text(18), readOnly: true }, IsFrozen: boolean },
  },
};

export const recordSchema = z.object({ type: z.string(), Id: z.string(), fields: z.record(z.string(), z.unknown()) });

export type StoredRecord = z.infer<typeof recordSchema>;

export function newId(type: string, number: number): string {
  return `${objects[type]?.prefix ?? '000'}${number.toString(36).padStart(12, '0')}AAA`;
}

/** Who signs in: no person. */
export const INTEGRATION_USER = 'mindtickle.integration@example.com';

/** Everyone is a user; everyone but the new hire is a contact too, of whom nothing says yet that MindTickle knows them. */
export function seedRecords(): StoredRecord[] {
  const everyone = Object.values(people);
  const make = (type: string, of: readonly object[]): StoredRecord[] =>
    of.map((fields, index) => ({ type, Id: newId(type, index + 1), fields: { ...fields } }));
  const users = make('User', [
    ...everyone.map(({ name, email: address }) => ({
      Name: name,
      Username: address,
      Email: address,
      FederationIdentifier: null,
      IsActive: true,
    })),
    { Name: 'Integration', Username: INTEGRATION_USER, Email: people.mona.email, IsActive: true },
  ]);
  const contacts = everyone
    .filter(({ userId }) => userId !== people.nina.userId)
    .map(({ name, email: address, role }) => {
      const [FirstName, LastName] = name.split(' ');
      return { FirstName, LastName, Email: address, Title: role };
    });
  return [
    ...users,
    ...make(
      'UserLogin',
      users.map(({ Id }) => ({ UserId: Id, IsFrozen: false })),
    ),
    ...make('Contact', contacts),
  ];
}

/** The fields of an object, in the words of "sObject Describe". @throws Refusal for one that is not there */
export function described(type: string): readonly object[] {
  const fields = Object.hasOwn(objects, type) ? objects[type]?.fields : undefined;
  if (fields === undefined) throw refusal('NOT_FOUND', 'The requested resource does not exist');
  return Object.entries(fields).map(([name, { type: of, externalId = false, readOnly = false }]) => ({
    name,
    externalId,
    updateable: !readOnly,
    restrictedPicklist: of.of === 'picklist',
    picklistValues: of.of === 'picklist' ? of.values.map((value) => ({ value, active: true })) : [],
  }));
}

type Values = Readonly<Record<string, unknown>>;

/** In Salesforce's words: `errorCode` of a call, `statusCode` of a record in a collection. */
export function refusal(code: string, message: string, fields: readonly string[] = []): Refusal {
  return new Refusal({ NOT_FOUND: 404, INVALID_SESSION_ID: 401 }[code] ?? 400, code, message, fields);
}

/** A field that is not there, or a value of another type: the request as a whole cannot be read. @throws Refusal */
export function checkShape(type: string, values: Values): void {
  for (const [name, value] of Object.entries(values)) {
    const field = objects[type]?.fields[name];
    if (field === undefined) throw refusal('INVALID_FIELD', `No such column '${name}' on sobject of type ${type}`);
    if (value !== null && !isOfType(field.type, value))
      throw refusal('JSON_PARSER_ERROR', `Cannot deserialize ${field.type.of} from ${typeof value}`);
  }
}

function isOfType({ of }: FieldType, value: unknown): boolean {
  if (of === 'number' || of === 'boolean') return typeof value === of;
  if (of === 'datetime') return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
  return typeof value === 'string';
}

/** @throws Refusal why the record does not accept the values */
export function checkValues(type: string, values: Values, isNew: boolean): void {
  const fields = Object.entries(objects[type]?.fields ?? {});
  const isBlank = (name: string): boolean => [null, undefined, ''].includes(values[name] as string);
  const missing = fields.filter(([name, { required }]) => required && (name in values ? isBlank(name) : isNew));
  if (missing.length > 0) {
    const names = missing.map(([name]) => name);
    throw refusal('REQUIRED_FIELD_MISSING', `Required fields are missing: [${names.join(', ')}]`, names);
  }
  for (const [name, { type: fieldType, readOnly }] of fields) {
    const value = values[name];
    if (value !== undefined && readOnly)
      throw refusal('INVALID_FIELD_FOR_INSERT_UPDATE', `Unable to create/update fields: ${name}.`, [name]);
    if (typeof value === 'string') checkText(name, fieldType, value);
  }
}

function checkText(name: string, type: FieldType, value: string): void {
  if (type.of === 'email' && !(value.length <= 80 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)))
    throw refusal('INVALID_EMAIL_ADDRESS', `${name}: invalid email address: ${value}`, [name]);
  if (type.of === 'text' && value.length > type.length)
    throw refusal('STRING_TOO_LONG', `${name}: data value too large (max length=${type.length})`, [name]);
  if (type.of !== 'picklist' || type.values.includes(value)) return;
  const message = `${name}: bad value for restricted picklist field: ${value}`;
  throw refusal('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', message, [name]);
}
