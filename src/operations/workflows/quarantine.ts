/** Events that wait in quarantine: what came, what is wrong with which field, and whether a correction would be read. */
import { z } from 'zod';
import { isoTime } from '../../domain';
import { events, isEventName, type Rereader } from '../../events';
import { workflowCase, type Case } from '../case';
import { defineOperation, refuse, type Operation } from '../operation';
import { casesOf } from './cases';
import { asking, type WorkflowDeps } from './context';
import { arrivedWith, findLatest, NEVER, workflowId } from './show';

const problem = z.object({
  /** `data.userId`; empty: the body as a whole. */
  path: z.string(),
  message: z.string(),
});

type Problem = z.infer<typeof problem>;

export function createQuarantine(deps: WorkflowDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'showQuarantined',
      method: 'GET',
      path: '/api/quarantine/{workflowId}',
      role: 'viewer',
      summary: 'An event in quarantine: what came, what is wrong with which field, and the schema that it should fit',
      input: z.object({ workflowId }),
      output: z.object({
        case: workflowCase,
        event: z.string().nullable(),
        body: z.unknown(),
        text: z.string().nullable(),
        problems: z.array(problem),
        schema: z.record(z.string(), z.unknown()).nullable(),
      }),
      handle: asking(deps, async (asked, input: { workflowId: string }) => {
        const found = await findLatest(asked, input.workflowId);
        if (found === null) return refuse(404, NEVER);
        if (found.workflowType !== 'quarantine') return refuse(409, `it is not in quarantine: ${found.workflowType}`);
        const { event, body, text, signedAt } = await arrivedWith(asked.temporal, found);
        const [shown] = await casesOf(asked.sources, [found]);
        return {
          case: shown as Case,
          event,
          body,
          text,
          problems: text === null ? problemsOf(deps.reread, body, signedAt ?? isoTime(deps.now())) : [NOT_JSON],
          schema: schemaOf(event),
        };
      }),
    }),
    defineOperation({
      id: 'checkQuarantined',
      method: 'POST',
      path: '/api/quarantine/check',
      role: 'viewer',
      summary: 'Whether corrected data of an event would be read, without sending it',
      input: z.object({
        event: z.string().max(256),
        data: z.unknown(),
        /** The envelope's; absent: ours. */
        companyId: z.string().max(256).optional(),
      }),
      output: z.object({ problems: z.array(problem) }),
      handle: ({ event, data, companyId }: { event: string; data?: unknown; companyId?: string | undefined }) => {
        const envelope = { event, data, companyId: companyId ?? deps.companyId };
        return Promise.resolve({ problems: problemsOf(deps.reread, envelope, isoTime(deps.now())) });
      },
    }),
  ];
}

const NOT_JSON: Problem = {
  path: '',
  message: 'the body is no JSON: give the whole of it, { event, data, companyId }',
};

/** By the very rules that a redrive reads by. */
export function problemsOf(reread: Rereader, envelope: unknown, signedAt: string): Problem[] {
  const read = reread(envelope, signedAt);
  return 'refused' in read ? read.refused.split('; ').map(problemIn) : [];
}

/** `data.userId: is empty`: the field and what is wrong with it. */
function problemIn(sentence: string): Problem {
  const [, path = '', message = sentence] = /^(data(?:\.[\w.]+)?|event|companyId): (.+)$/.exec(sentence) ?? [];
  return { path, message };
}

/** Of `data`, as its sender has to write it; null: nobody knows the event. */
export function schemaOf(event: string | null): Record<string, unknown> | null {
  if (event === null || !isEventName(event)) return null;
  const { schema, ...descriptor } = events[event];
  const { times = {} }: { readonly times?: Readonly<Record<string, string>> } = descriptor;
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const described = Object.keys(times).map((name) => [name, TIME]);
  return { ...json, properties: { ...json.properties, ...(Object.fromEntries(described) as object) } };
}

const TIME = { type: ['string', 'number'], description: 'a time: ISO 8601, or Unix seconds or milliseconds' };
