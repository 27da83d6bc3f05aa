import { events, isEventName } from '../../src/events';
import type { Answer, Attempt } from './sender';

/** Every run of one workflow id, as Temporal has it. */
export interface StoredWorkflow {
  readonly workflowId: string;
  readonly type: string;
  /** How often it was started; continuing as new does not count. */
  readonly runs: number;
  /** Temporal's: RUNNING, COMPLETED, … */
  readonly status: string;
  /** The outcome of its result; null while there is none. */
  readonly outcome: string | null;
  /** From its memo; null when it has none. */
  readonly bodyDigest: string | null;
}

/** Three records of the same deliveries, each kept by another system. */
export interface Records {
  /** What was sent and answered. */
  readonly attempts: readonly Attempt[];
  readonly workflows: readonly StoredWorkflow[];
  /** What the stand-ins saw: natural key → how often. */
  readonly effects: ReadonlyMap<string, number>;
}

/** Every kind of violation, and what it means. */
export const violationKinds = {
  lost: 'acknowledged, and no workflow has it',
  'conflict-lost': 'the same of a delivery that contradicts another one of its event id',
  'doubled-run': 'one event id ran more than once',
  'started-again': 'an event id that was acknowledged was answered as new',
  'doubled-replay': 'one signature ran under more than one event id',
  'replay-lost': 'one signature ran under none of its event ids',
  'doubled-effect': 'a downstream system got the same twice',
  'missing-effect': 'a workflow says done, and its effect is not there',
  'unearned-effect': 'an effect that no workflow has',
  unauthenticated: 'a delivery that is not signed was answered 2xx, or reached Temporal',
  refused: 'a signed delivery was answered 4xx',
  misnamed: "an answer named a workflow that is not the event's",
  altered: 'the workflow has bytes, or is of a type, that nobody sent under its id',
  unknown: 'a workflow whose event nobody sent',
  unfinished: 'its workflow neither ended nor waits for a person',
} as const;

export type ViolationKind = keyof typeof violationKinds;

export interface Violation {
  readonly kind: ViolationKind;
  /** An event id, a workflow id, or the natural key of an effect. */
  readonly id: string;
  /** What is wrong, for a person. */
  readonly sentence: string;
}

const QUARANTINE = 'quarantine';
const DIGEST_DIGITS = 16;

/** Compare the three records. Pure; empty when every promise was kept. */
export function check({ attempts, workflows, effects }: Records): readonly Violation[] {
  const stored = new Map(workflows.map((workflow) => [workflow.workflowId, workflow]));
  const signed = attempts.filter(({ signature }) => signature === 'right');
  const unsigned = attempts.filter(({ signature }) => signature !== 'right');
  const byEvent = groupBy(signed, ({ eventId }) => eventId);
  return [
    ...[...byEvent].flatMap(([eventId, sent]) => checkEvent(eventId, sent, stored)),
    ...[...groupBy(signed, ({ signatureDigest }) => signatureDigest).values()].flatMap((sent) =>
      checkReplays(sent, stored),
    ),
    ...unsigned.flatMap((attempt) => checkUnsigned(attempt, signed, stored)),
    ...workflows.flatMap((workflow) => checkWorkflow(workflow, byEvent)),
    ...checkEffects(signed, stored, effects),
  ];
}

type StoredById = ReadonlyMap<string, StoredWorkflow>;

function checkEvent(eventId: string, sent: readonly Attempt[], stored: StoredById): readonly Violation[] {
  const acknowledged = groupBy(sent.filter(isAcknowledged), ({ bodyDigest }) => bodyDigest);
  const missing = [...acknowledged.keys()].filter((digest) => !isStored(eventId, digest, stored));
  const first = stored.get(eventId);
  const violations: Violation[] = [];
  if (acknowledged.size > 0 && first === undefined)
    violations.push({
      kind: 'lost',
      id: eventId,
      sentence: `It was acknowledged, and Temporal has no such workflow. ${sent.map(tell).join(' ')}`,
    });
  else
    violations.push(
      ...missing.map((digest) => ({
        kind: 'conflict-lost' as const,
        id: eventId,
        sentence: `Its bytes ${short(digest)} were acknowledged, and neither its workflow nor a conflict has them.`,
      })),
    );
  return [...violations, ...sent.flatMap(checkAnswer), ...checkStartedOnce(eventId, sent)];
}

function tell({ answer, sentAt, answeredAt, bodyDigest }: Attempt): string {
  const at = `${new Date(sentAt).toISOString()} (${short(bodyDigest)})`;
  return answer === 'unanswered'
    ? `Sent ${at}, unanswered.`
    : `Sent ${at}, answered after ${(answeredAt ?? sentAt) - sentAt} ms: ${JSON.stringify(answer)}.`;
}

function isStored(eventId: string, digest: string, stored: StoredById): boolean {
  return stored.get(eventId)?.bodyDigest === digest || stored.get(conflictId(eventId, digest))?.bodyDigest === digest;
}

function checkAnswer({ eventId, answer }: Attempt): readonly Violation[] {
  if (answer === 'unanswered') return [];
  const { status, workflowId } = answer;
  if (status >= 400 && status < 500 && status !== 429)
    return [{ kind: 'refused', id: eventId, sentence: `It was signed, and answered ${status}.` }];
  if (isAccepted(answer) && workflowId !== eventId)
    return [{ kind: 'misnamed', id: eventId, sentence: `Its answer names the workflow ${String(workflowId)}.` }];
  return [];
}

/** At most one answer says *started by this delivery*, and none of them comes after another acknowledgement. */
function checkStartedOnce(eventId: string, sent: readonly Attempt[]): readonly Violation[] {
  const starts = sent.filter(
    ({ answer }) => isAccepted(answer) && answer.duplicate === false && answer.spooled !== true,
  );
  const firstKnownAt = Math.min(...sent.filter(isAcknowledged).map(({ answeredAt }) => answeredAt ?? Infinity));
  const late = starts.filter(({ sentAt }) => sentAt > firstKnownAt);
  if (starts.length <= 1 && late.length === 0) return [];
  const sentence =
    late.length > 0
      ? 'It was acknowledged, and a later delivery of it was answered as if it were new.'
      : `${starts.length} deliveries of it were answered as the one that started it.`;
  return [{ kind: 'started-again', id: eventId, sentence }];
}

/** One signature under several event ids: one of them runs, whichever was recorded first, and the others are replays. */
function checkReplays(sent: readonly Attempt[], stored: StoredById): readonly Violation[] {
  const ids = [...new Set(sent.filter(isAcknowledged).map(({ eventId }) => eventId))];
  const bodyDigest = sent[0]?.bodyDigest;
  const found = ids.map((id) => stored.get(id)).filter((workflow) => workflow?.bodyDigest === bodyDigest);
  if (ids.length < 2 || found.length < ids.length) return [];
  const ran = found.filter((workflow) => workflow?.outcome !== 'replayed');
  if (ran.length === 1) return [];
  const names = ids.slice(0, 5).join(', ');
  return ran.length === 0
    ? [{ kind: 'replay-lost', id: ids[0] ?? '', sentence: `One signed delivery came as ${names}; none of them ran.` }]
    : [
        {
          kind: 'doubled-replay',
          id: ids[0] ?? '',
          sentence: `One signed delivery came as ${names}; ${ran.length} of them ran.`,
        },
      ];
}

function checkUnsigned(attempt: Attempt, signed: readonly Attempt[], stored: StoredById): readonly Violation[] {
  const { eventId, bodyDigest, answer } = attempt;
  const answered = isAccepted(answer) ? `was answered ${answer.status}` : undefined;
  const isGenuineToo = signed.some((other) => other.eventId === eventId && other.bodyDigest === bodyDigest);
  const reached = !isGenuineToo && isStored(eventId, bodyDigest, stored) ? 'reached Temporal' : undefined;
  return [answered, reached]
    .filter((what) => what !== undefined)
    .map((what) => ({
      kind: 'unauthenticated',
      id: eventId,
      sentence: `A delivery without a right signature ${what}.`,
    }));
}

function checkWorkflow(
  workflow: StoredWorkflow,
  byEvent: ReadonlyMap<string, readonly Attempt[]>,
): readonly Violation[] {
  const { workflowId, type, runs, status } = workflow;
  const violations: Violation[] = [];
  if (runs > 1) violations.push({ kind: 'doubled-run', id: workflowId, sentence: `Temporal has ${runs} runs of it.` });
  if (status !== 'COMPLETED' && !(status === 'RUNNING' && type === QUARANTINE))
    violations.push({ kind: 'unfinished', id: workflowId, sentence: `Its workflow is ${status}.` });
  return [...violations, ...checkContents(workflow, byEvent)];
}

const CONFLICT_ID = /^conflict:(.+):[0-9a-f]+$/;

function checkContents(
  { workflowId, type, bodyDigest }: StoredWorkflow,
  byEvent: ReadonlyMap<string, readonly Attempt[]>,
): readonly Violation[] {
  const conflict = CONFLICT_ID.exec(workflowId)?.[1];
  const sent = byEvent.get(conflict ?? workflowId);
  if (sent === undefined)
    return [{ kind: 'unknown', id: workflowId, sentence: 'Nobody sent its event with a right signature.' }];
  const same = sent.filter((attempt) => attempt.bodyDigest === bodyDigest);
  const expected = same.map(({ event }) => (conflict === undefined ? typeOf(event) : QUARANTINE));
  if (expected.includes(type)) return [];
  const what = `It is a ${type} of the bytes ${short(bodyDigest ?? 'none')}`;
  return [{ kind: 'altered', id: workflowId, sentence: `${what}, which is not what was sent.` }];
}

/** An event that we do not know waits in quarantine. */
function typeOf(event: string | null): string {
  return event !== null && isEventName(event) ? events[event].workflowType : QUARANTINE;
}

/** Each effect happened once, and exactly those of the workflows that ran. */
function checkEffects(
  signed: readonly Attempt[],
  stored: StoredById,
  effects: ReadonlyMap<string, number>,
): Violation[] {
  const earned = new Set(
    signed
      .filter(({ eventId, bodyDigest }) => isDone(stored.get(eventId), bodyDigest))
      .flatMap((attempt) => attempt.effects),
  );
  const seen = [...effects].filter(([, count]) => count > 0);
  return [
    ...seen
      .filter(([, count]) => count > 1)
      .map(([id, count]) => ({ kind: 'doubled-effect' as const, id, sentence: `It was done ${count} times.` })),
    ...seen
      .filter(([id]) => !earned.has(id))
      .map(([id]) => ({ kind: 'unearned-effect' as const, id, sentence: 'No workflow that ran has this effect.' })),
    ...[...earned]
      .filter((id) => (effects.get(id) ?? 0) === 0)
      .map((id) => ({ kind: 'missing-effect' as const, id, sentence: 'Its workflow is done, and it did not happen.' })),
  ];
}

function isDone(workflow: StoredWorkflow | undefined, bodyDigest: string): boolean {
  return workflow?.outcome === 'done' && workflow.bodyDigest === bodyDigest;
}

/** Answered 2xx: it must not be lost any more. */
export function isAcknowledged({ answer }: Attempt): boolean {
  return isAccepted(answer);
}

function isAccepted(answer: Answer): answer is Exclude<Answer, 'unanswered'> {
  return answer !== 'unanswered' && answer.status >= 200 && answer.status < 300;
}

function conflictId(eventId: string, bodyDigest: string): string {
  return `conflict:${eventId}:${bodyDigest.slice(0, DIGEST_DIGITS)}`;
}

function short(digest: string): string {
  return digest.slice(0, DIGEST_DIGITS);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
