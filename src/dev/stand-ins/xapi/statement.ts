import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { malformed, type BodyPart } from './multipart';

/** An absolute IRI, as far as a store can tell. */
const iri = z.string().regex(/^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/, 'no IRI');
const languageMap = z.record(z.string().regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/), z.string());
const instant = z.iso.datetime({ offset: true });
const extensions = z.record(iri, z.unknown());

const identifiers = ['account', 'mbox', 'mbox_sha1sum', 'openid'] as const;

const agent = z
  .strictObject({
    objectType: z.literal('Agent').optional(),
    name: z.string().optional(),
    account: z.strictObject({ homePage: iri, name: z.string().min(1) }).optional(),
    mbox: z
      .string()
      .regex(/^mailto:[^@\s]+@[^@\s]+$/)
      .optional(),
    mbox_sha1sum: z
      .string()
      .regex(/^[0-9a-f]{40}$/i)
      .optional(),
    openid: iri.optional(),
  })
  .refine(
    (one) => identifiers.filter((name) => one[name] !== undefined).length === 1,
    'one identifier, not more or less',
  );

const score = z
  .strictObject({
    scaled: z.number().min(-1).max(1).optional(),
    raw: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  })
  .refine(({ min = -Infinity, max = Infinity }) => min < max, 'min is to be less than max')
  .refine(({ raw = 0, min = raw, max = raw }) => min <= raw && raw <= max, 'raw is out of its bounds');

const attachment = z.strictObject({
  usageType: iri,
  display: languageMap,
  description: languageMap.optional(),
  contentType: z.string().regex(/^[\w.+-]+\/[\w.+-]+/),
  length: z.int().min(0),
  sha2: z.string().regex(/^[0-9a-f]{64}$/i),
  fileUrl: iri.optional(),
});

/** What a statement of one agent about one activity may contain (xAPI 1.0.3, part 2 §2.4); any other property is refused. */
const statementSchema = z.strictObject({
  id: z.uuid().optional(),
  actor: agent,
  verb: z.strictObject({ id: iri, display: languageMap.optional() }),
  object: z.strictObject({
    objectType: z.literal('Activity').optional(),
    id: iri,
    definition: z
      .strictObject({
        name: languageMap.optional(),
        description: languageMap.optional(),
        type: iri.optional(),
        moreInfo: iri.optional(),
        extensions: extensions.optional(),
      })
      .optional(),
  }),
  result: z
    .strictObject({
      score: score.optional(),
      success: z.boolean().optional(),
      completion: z.boolean().optional(),
      response: z.string().optional(),
      duration: z.string().regex(/^P/).optional(),
      extensions: extensions.optional(),
    })
    .optional(),
  context: z
    .strictObject({
      registration: z.uuid().optional(),
      instructor: agent.optional(),
      revision: z.string().optional(),
      platform: z.string().optional(),
      language: z.string().optional(),
      extensions: extensions.optional(),
    })
    .optional(),
  timestamp: instant.optional(),
  stored: z.string().optional(),
  authority: agent.optional(),
  version: z
    .string()
    .regex(/^1\.0\.\d+$/)
    .optional(),
  attachments: z.array(attachment).optional(),
});

export type Statement = z.infer<typeof statementSchema>;

/** @throws Refusal naming the property. */
export function readStatement(json: unknown, statementId: string, files: readonly BodyPart[]): Statement {
  const parsed = statementSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a statement'}`);
  }
  const statement = parsed.data;
  if (statement.id !== undefined && statement.id.toLowerCase() !== statementId)
    throw malformed('id is not statementId');
  checkFiles(statement.attachments ?? [], files);
  return statement;
}

/** Every attachment comes with its bytes or lies at its `fileUrl`, and nothing comes that no attachment names. */
function checkFiles(attachments: NonNullable<Statement['attachments']>, files: readonly BodyPart[]): void {
  const received = new Map(files.map((file) => [file.sha2, file]));
  for (const { sha2, length, fileUrl } of attachments) {
    const file = received.get(sha2.toLowerCase());
    if (file === undefined && fileUrl === undefined) throw malformed('An attachment has neither part nor fileUrl');
    if (file !== undefined && file.content.length !== length) throw malformed('length is not that of the part');
  }
  const named = new Set(attachments.map(({ sha2 }) => sha2.toLowerCase()));
  if (files.some(({ sha2 }) => !named.has(sha2))) throw malformed('A part belongs to no attachment');
}

/** Do two say the same, but for what a store adds (part 2 §2.3.1)? */
export function isSame(known: Statement, sent: Statement): boolean {
  return isDeepStrictEqual(immutable(known), immutable(sent));
}

function immutable({ actor, verb, object, result, context, timestamp, attachments }: Statement): object {
  const { objectType = 'Agent', ...who } = actor;
  return {
    actor: { objectType, ...who },
    verb: verb.id,
    object: object.id,
    result: result ?? null,
    context: context ?? null,
    at: Date.parse(timestamp ?? ''),
    attachments: (attachments ?? []).map(({ sha2 }) => sha2.toLowerCase()),
  };
}
