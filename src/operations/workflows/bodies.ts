/** The bodies of the messages, made from the one table of them. */
import { z } from 'zod';
import { CASE_MESSAGES, type CaseMessage, type CaseMessageName } from '../../domain';

/** As the workflows read texts. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(2000)
  .regex(/^[^\0\p{Cs}]*$/u);

const FIELDS: Readonly<Record<CaseMessage['fields'][string]['kind'], z.ZodType>> = {
  text,
  step: text,
  email: text,
  time: text,
  eventId: text,
  json: z.unknown(),
};

/** What a caller adds to any message. */
const OF_EVERY_MESSAGE = {
  /** Why, where the message itself has no reason: it is kept with a bulk job. */
  reason: text.optional(),
  /** On whose behalf: a note beside the reason. Who did it is the credential's name. */
  by: text.optional(),
  note: text.optional(),
  /** Of the caller's own, the same when it asks again: the message is then sent once. */
  requestId: z
    .string()
    .regex(/^[\w.-]{1,100}$/)
    .optional(),
};

export type Body = Readonly<Record<string, unknown>>;

/** The input of one message: its own fields, and what a caller may add. */
export function bodyOf(name: CaseMessageName): z.ZodObject {
  const { fields }: CaseMessage = CASE_MESSAGES[name];
  const own = Object.entries(fields).map(([field, { kind, isRequired, says }]) => {
    const type = FIELDS[kind].describe(says);
    return [field, isRequired ? type : type.optional()] as const;
  });
  return z.object({ ...OF_EVERY_MESSAGE, ...Object.fromEntries(own) });
}

/** What the workflow gets: the fields of the message, and who. */
export function payloadOf(name: CaseMessageName, body: Body, by: string): Body {
  const { fields, saysBy }: CaseMessage = CASE_MESSAGES[name];
  const sent = Object.keys(fields)
    .filter((field) => body[field] !== undefined)
    .map((field) => [field, body[field]] as const);
  const said = onBehalf(Object.fromEntries(sent), body);
  return saysBy ? { ...said, by } : said;
}

/** A `by` of the caller's is a note: it is added to the reason that the history keeps. */
function onBehalf(payload: Body, { by, note }: Body): Body {
  const notes = [typeof by === 'string' ? `for ${by}` : undefined, 'note' in payload ? undefined : note];
  const added = notes.filter((each) => typeof each === 'string').join('; ');
  const { reason } = payload;
  return added === '' || typeof reason !== 'string' ? payload : { ...payload, reason: `${reason} (${added})` };
}
