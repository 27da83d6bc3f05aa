import { z } from 'zod';
import { isoTime, SECOND } from '../../domain';
import {
  effectsOf,
  finalStateOf,
  findCaseOfEvent,
  findCases,
  isUnavailable,
  notesOf,
  type KnownCase,
} from '../../ledger';
import { events, isEventName, type Delivery } from '../../events';
import { TASK_QUEUE } from '../../temporal';
import { workflowCase, type Case } from '../case';
import { defineOperation, refuse, type Operation } from '../operation';
import { readPeople } from '../person';
import type { ProcessState } from '../../../workflows/messages';
import { casesOf, present, unknownPerson, type CaseSources } from './cases';
import { asking, type Asking, type WorkflowDeps } from './context';
import { NOT_RESTING } from './facts';
import { pollersOf } from './task-queue';
import type { Listed, StateAnswer, Temporal } from './temporal';

export const workflowId = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,1000}$/u);

/** As the `state` query answers: later releases may add fields. */
export const processState = z.looseObject({
  phase: z.string(),
  outcome: z.string().nullable(),
  waitingFor: z.string().nullable(),
  deadline: z.string().nullable(),
  steps: z.array(z.looseObject({ step: z.string(), title: z.string(), status: z.string() })),
  history: z.array(z.looseObject({ at: z.string(), what: z.string(), by: z.string() })),
  notified: z.array(z.looseObject({ role: z.string(), channel: z.string() })),
});

const effect = z.looseObject({ step: z.string(), system: z.string(), status: z.string(), mode: z.string() });

const note = z.object({ workflowId: z.string(), text: z.string(), by: z.string(), at: z.string() });

const arrived = z.object({
  eventId: z.string(),
  event: z.string().nullable(),
  receivedAt: z.string().nullable(),
  signedAt: z.string().nullable(),
  /** The JSON that came; null: it was none, or Temporal has forgotten it. */
  body: z.unknown(),
  /** What came where it was no JSON. */
  text: z.string().nullable(),
});

export type Arrived = z.infer<typeof arrived>;

export function createShow(deps: WorkflowDeps): Operation {
  return defineOperation({
    id: 'showWorkflow',
    method: 'GET',
    path: '/api/workflows/{workflowId}',
    role: 'viewer',
    summary: 'One case: what it does, what it did, and the event that began it',
    input: z.object({ workflowId }),
    output: z.object({
      case: workflowCase,
      state: processState.nullable(),
      stateProblem: z.string().nullable(),
      event: arrived,
      effects: z.array(effect),
      /** What people wrote about it, oldest first. */
      notes: z.array(note),
    }),
    handle: asking(deps, async (asked, input: { workflowId: string }) => {
      const found = await findLatest(asked, input.workflowId);
      if (found === null) return (await forgotten(asked.sources, input.workflowId)) ?? refuse(404, NEVER);
      const { temporal, sources } = asked;
      const [answer, event, effects, notes] = await Promise.all([
        temporal.state(found.workflowId),
        arrivedWith(temporal, found),
        effectsOf(sources.pool, found.workflowId).catch(ifAway),
        notesOf(sources.pool, [found.workflowId]).catch(ifAway),
      ]);
      const state = await stateOf(sources, found, answer);
      const states = new Map(state === null ? [] : [[found.workflowId, state]]);
      const [shown] = await casesOf(sources, [found], states);
      return {
        case: shown as Case,
        state: state as z.infer<typeof processState> | null,
        stateProblem: state === null ? await problemOf(temporal, answer, sources.now()) : null,
        event,
        effects: effects.map((one) => ({ ...one })),
        notes: [...notes],
      };
    }),
  });
}

/** Of one that has ended the ledger knows the last state, when no worker answers. */
async function stateOf({ pool }: CaseSources, found: Listed, answer: StateAnswer): Promise<ProcessState | null> {
  if ('state' in answer) return answer.state;
  return found.status === 'running' ? null : ((await finalStateOf(pool, found.workflowId)) as ProcessState | null);
}

export const NEVER = 'no workflow of this id was ever started here';

/** By its own id, or by the event id whose workflow has another one. Null: Temporal does not know it. */
export async function findLatest({ temporal, sources }: Asking, id: string): Promise<Listed | null> {
  const found = await temporal.describe(id);
  if (found !== null) return found;
  const known = await findCaseOfEvent(sources.pool, id);
  return known === null || known.workflowId === id ? null : temporal.describe(known.workflowId);
}

/** The delivery and the body, from the first event of the run's history. */
export async function arrivedWith(temporal: Temporal, found: Listed): Promise<Arrived> {
  const [delivery, body] = await temporal.argumentsOf(found);
  const {
    eventId = found.workflowId,
    event = null,
    receivedAt = null,
    signedAt = null,
  } = (delivery ?? {}) as Partial<Delivery>;
  const isText = body instanceof Uint8Array;
  const text = isText ? Buffer.from(body).toString('utf8') : null;
  return { eventId, event, receivedAt, signedAt, body: isText ? null : (body ?? null), text };
}

/** Why there is no state, and for how long nobody polls the queue where that is so. */
export async function problemOf(temporal: Temporal, answer: StateAnswer, now: number): Promise<string | null> {
  if ('state' in answer) return null;
  if (answer.problem === 'notFound') return 'Temporal has removed this workflow';
  if (answer.problem === 'unknown') return 'the workflow gave no state: see its page in Temporal Web UI';
  const { lastPollAt } = await pollersOf(temporal, TASK_QUEUE);
  if (lastPollAt === null) return 'no worker answers: none has polled Temporal for five minutes or more';
  const seconds = Math.round((now - lastPollAt) / SECOND);
  return `no worker answered within two seconds; one polled Temporal ${seconds} s ago`;
}

function ifAway(error: unknown): never[] {
  if (!isUnavailable(error)) throw error;
  return [];
}

/** What Temporal has forgotten, the ledger still knows for a while. */
async function forgotten(sources: CaseSources, id: string) {
  const known = (await findCases(sources.pool, [id]))[0] ?? (await findCaseOfEvent(sources.pool, id));
  if (known === null) return null;
  const { eventId, event } = known;
  const [effects, notes] = await Promise.all([
    effectsOf(sources.pool, known.workflowId),
    notesOf(sources.pool, [known.workflowId]),
  ]);
  return {
    case: await forgottenCase(sources, known),
    state: (await finalStateOf(sources.pool, known.workflowId)) as z.infer<typeof processState> | null,
    stateProblem: 'Temporal has forgotten this workflow: this is what the ledger knows of it',
    event: {
      eventId,
      event,
      receivedAt: known.receivedAt.toISOString(),
      signedAt: known.signedAt.toISOString(),
      body: null,
      text: null,
    },
    effects: effects.map((one) => ({ ...one })),
    notes: [...notes],
  };
}

/** The case as the ledger keeps it. */
export async function forgottenCase({ pool, policy, now }: CaseSources, known: KnownCase): Promise<Case> {
  const { workflowId: id, userId, event, outcome, about, receivedAt, closedAt } = known;
  const person = userId === null ? null : ((await readPeople(pool, [userId])).get(userId) ?? unknownPerson(userId));
  return present(
    { workflowId: id, runId: known.firstRunId, webUi: null, person },
    {
      workflowType: event !== null && isEventName(event) ? events[event].workflowType : 'quarantine',
      event,
      // An open receipt without a workflow: somebody ended it in Temporal.
      status: closedAt === null ? 'terminated' : 'completed',
      person,
      about,
      phase: 'done',
      outcome,
      ...NOT_RESTING,
      deadline: null,
      startedAt: isoTime(receivedAt.getTime()),
      closedAt: closedAt === null ? null : isoTime(closedAt.getTime()),
    },
    { now: now(), timeZone: policy.timeZone, labels: policy.labels },
  );
}
