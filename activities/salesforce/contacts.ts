import { isEmail } from '../../src/domain';
import { keysDisagree, type Change, type Person } from '../connector';
import { rejected } from '../failure';
import { reversed, type Effect, type StepContext } from '../write-once';
import { literal, writing, type Fields, type SalesforceParts } from './api';
import { failureOfRecord } from './failure';
import { isEqual } from './record';

/** A new hire. */
export interface NewContact extends Person {
  readonly role: string | null;
  readonly teamId: string | null;
}

export interface ContactActivities {
  /**
   * The contact of a new hire carries MindTickle's user id: the one that has it, else the one of this address, else a new
   * one. Fills what is blank in a contact that exists, and changes nothing else. `absent`: no contact, and no address
   * to create one with.
   */
  linkContact(context: StepContext, hire: NewContact): Promise<Change>;
}

/** Contacts have MindTickle's user id as their external id. What people wrote into one is never overwritten. */
export function createContactActivities({ api, names, write, confirm }: SalesforceParts): ContactActivities {
  const { contactKeyField: keyField, contactFields } = names;

  async function linkContact(context: StepContext, hire: NewContact): Promise<Change> {
    const found = await findContact(hire);
    if (found === null && hire.email === null) return 'absent';
    const fields = found === null ? newContact(hire) : missing(found, { ...filled(hire), [keyField]: hire.userId });
    const effect: Effect = {
      context,
      naturalKey: 'contact',
      would: { contact: found === null ? 'new' : 'linked', fields: Object.keys(fields) },
      before: { contact: found === null ? null : String(found['Id']) },
      isStillSo: reversed,
    };
    if (Object.keys(fields).length === 0) return (await confirm(effect)) ? 'done' : 'unchanged';
    return write(effect, async () => {
      if (found === null) await makeContact({ ...fields, [keyField]: hire.userId });
      else await api.update('Contact', String(found['Id']), fields);
      return 'done' as const;
    });
  }

  /** @throws `salesforce.rejected` where the address is that of several, or of another learner. */
  async function findContact({ userId, email }: NewContact): Promise<Fields | null> {
    if (email !== null && !isEmail(email)) throw rejected('salesforce', 'was given no usable address for the learner');
    const read = ['Id', 'Email', keyField, ...theirFields()].join(', ');
    const byAddress = email === null ? '' : ` OR Email = ${literal(email)}`;
    const found = await api.query(`SELECT ${read} FROM Contact WHERE ${keyField} = ${literal(userId)}${byAddress}`);
    const linked = found.find((contact) => contact[keyField] === userId);
    const others = found.filter((contact) => contact !== linked);
    if (linked === undefined) return freeContact(others, keyField);
    const isOfAddress = email === null || isBlank(linked['Email']) || isEqual(linked['Email'], email);
    const [other] = isOfAddress ? [] : others;
    if (other === undefined) return linked;
    const whom = `contact ${String(linked['Id'])} by MindTickle's user id`;
    throw keysDisagree('salesforce', whom, `contact ${String(other['Id'])} by the address`);
  }

  /** By the external id: two at once create one. In a collection, because the id is MindTickle's and may be any text. */
  async function makeContact(fields: Fields): Promise<void> {
    const [outcome] = await api.upsertAll({ object: 'Contact', keyField }, [fields]);
    if (outcome?.ok === false) throw failureOfRecord(outcome.code, writing('Contact'));
  }

  function theirFields(): readonly string[] {
    return [contactFields.role, contactFields.teamId].filter((name) => name !== null);
  }

  function filled({ role, teamId }: NewContact): Fields {
    return {
      ...(contactFields.role !== null && { [contactFields.role]: role }),
      ...(contactFields.teamId !== null && { [contactFields.teamId]: teamId }),
    };
  }

  /** A contact must have a last name, and no event has one: the address's local part, for people to correct. */
  function newContact(hire: NewContact): Fields {
    const { email } = hire;
    const name = email?.slice(0, email.lastIndexOf('@')).slice(0, 80);
    return missing({}, { LastName: name, Email: email, ...filled(hire) });
  }

  return { linkContact };
}

/** The one that nobody is linked to. @throws `salesforce.rejected` */
function freeContact(found: readonly Fields[], keyField: string): Fields | null {
  const taken = found.find((contact) => !isBlank(contact[keyField]));
  if (taken !== undefined) {
    const id = String(taken['Id']);
    throw rejected(
      'salesforce',
      `has contact ${id} of this address, which is linked to another learner: none is changed`,
    );
  }
  if (found.length > 1)
    throw rejected('salesforce', 'has several contacts of this address: none is changed', { count: found.length });
  return found[0] ?? null;
}

/** What is in `wanted` and blank in the record. */
function missing(record: Fields, wanted: Fields): Fields {
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => !isBlank(value) && isBlank(record[name])));
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}
