import { z } from 'zod';
import { people } from '../../people';

/** What a field takes. `text` and `email`: of so many characters at most. */
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
  /** Unique, and good to upsert by. */
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

/** As Salesforce says it: `errorCode` of a call, `statusCode` of a collection's part. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

function refusal(code: string, message: string, fields: readonly string[] = []): Refusal {
  return { code, message, fields };
}

/** A field that is not there, or a value that is of another kind: the request as a whole cannot be read. */
export function faultOfShape(type: string, values: Readonly<Record<string, unknown>>): Refusal | null {
  for (const [name, value] of Object.entries(values)) {
    const field = objects[type]?.fields[name];
    if (field === undefined) return refusal('INVALID_FIELD', `No such column '${name}' on sobject of type ${type}`);
    if (value !== null && !isOfKind(field.type, value))
      return refusal('JSON_PARSER_ERROR', `Cannot deserialize ${field.type.of} from ${typeof value}`);
  }
  return null;
}

function isOfKind({ of }: FieldType, value: unknown): boolean {
  if (of === 'number' || of === 'boolean') return typeof value === of;
  if (of === 'datetime') return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
  return typeof value === 'string';
}

/** Why the record does not take the values. */
export function faultOfValues(type: string, values: Readonly<Record<string, unknown>>, isNew: boolean): Refusal | null {
  const fields = Object.entries(objects[type]?.fields ?? {});
  const missing = fields.filter(([name, { required }]) => required && (name in values ? isBlank(values[name]) : isNew));
  if (missing.length > 0) {
    const names = missing.map(([name]) => name);
    return refusal('REQUIRED_FIELD_MISSING', `Required fields are missing: [${names.join(', ')}]`, names);
  }
  for (const [name, field] of fields) {
    const fault = faultOfValue(name, field, values[name]);
    if (fault !== null) return fault;
  }
  return null;
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

function faultOfValue(name: string, { type, readOnly }: Field, value: unknown): Refusal | null {
  if (value === undefined) return null;
  if (readOnly) return refusal('INVALID_FIELD_FOR_INSERT_UPDATE', `Unable to create/update fields: ${name}.`, [name]);
  return typeof value === 'string' ? faultOfText(name, type, value) : null;
}

function faultOfText(name: string, type: FieldType, value: string): Refusal | null {
  if (type.of === 'email' && !(value.length <= 80 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)))
    return refusal('INVALID_EMAIL_ADDRESS', `${name}: invalid email address: ${value}`, [name]);
  if (type.of === 'text' && value.length > type.length)
    return refusal('STRING_TOO_LONG', `${name}: data value too large (max length=${type.length})`, [name]);
  if (type.of !== 'picklist' || type.values.includes(value)) return null;
  const message = `${name}: bad value for restricted picklist field: ${value}`;
  return refusal('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', message, [name]);
}
