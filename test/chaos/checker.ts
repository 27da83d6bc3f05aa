import type { Answer, Attempt } from './journal';

/** Every run of one workflow id, as Temporal holds it. */
export interface HeldWorkflow {
  readonly workflowId: string;
  readonly type: string;
  /** How often it was begun; what continues as new is still the same one. */
  readonly runs: number;
  /** Temporal's: RUNNING, COMPLETED, … */
  readonly status: string;
  /** Of its result; null while there is none. */
  readonly outcome: string | null;
  /** Of its memo; null where it has none. */
  readonly bodyDigest: string | null;
}

/** Three records of the same deliveries, each kept by somebody else. */
export interface Records {
  /** What was sent and answered. */
  readonly attempts: readonly Attempt[];
  readonly workflows: readonly HeldWorkflow[];
  /** What the stand-ins saw: natural key → how often. */
  readonly effects: ReadonlyMap<string, number>;
}

/**
 * - `lost`: acknowledged, and no workflow holds it.
 * - `conflict-lost`: the same of a delivery that contradicts another one of its event id.
 * - `doubled-run`: one event id ran more than once.
 * - `started-again`: an event id that was acknowledged was answered as new.
 * - `doubled-replay`: one signature ran under more than one event id.
 * - `replay-lost`: one signature ran under none of its event ids.
 * - `doubled-effect`: a downstream system was told the same twice.
 * - `missing-effect`: a workflow says done, and its effect is not there.
 * - `unearned-effect`: an effect of which no workflow knows.
 * - `unauthenticated`: a delivery that is not signed was answered 2xx, or reached Temporal.
 * - `refused`: a signed delivery was answered 4xx.
 * - `misnamed`: an answer named a workflow that is not the event's.
 * - `altered`: the workflow holds bytes, or is of a type, that nobody sent under its id.
 * - `unknown`: a workflow of which nobody sent the event.
 * - `unfinished`: its workflow neither ended nor waits for a person.
 */
export type ViolationKind =
  | 'lost'
  | 'conflict-lost'
  | 'doubled-run'
  | 'started-again'
  | 'doubled-replay'
  | 'replay-lost'
  | 'doubled-effect'
  | 'missing-effect'
  | 'unearned-effect'
  | 'unauthenticated'
  | 'refused'
  | 'misnamed'
  | 'altered'
  | 'unknown'
  | 'unfinished';

export interface Violation {
  readonly kind: ViolationKind;
  /** An event id, a workflow id, or the natural key of an effect. */
  readonly id: string;
  /** What is wrong, for a person. */
  readonly sentence: string;
}

/** As the receiver routes events: what is not here waits in quarantine. */
const TYPES: Readonly<Record<string, string>> = {
  'course.completed': 'courseCompletion',
  'quiz.submitted': 'quizCoaching',
  'user.provisioned': 'onboarding',
  'user.deprovisioned': 'offboarding',
  'module.progress': 'moduleProgress',
  'certification.expired': 'recertification',
};
const QUARANTINE = 'quarantine';
const DIGEST_DIGITS = 16;

/** Hold the three records against each other. Pure; empty when every promise was kept. */
export function check({ attempts, workflows, effects }: Records): readonly Violation[] {
  const held = new Map(workflows.map((workflow) => [workflow.workflowId, workflow]));
  const signed = attempts.filter(({ signature }) => signature === 'right');
  const unsigned = attempts.filter(({ signature }) => signature !== 'right');
  const byEvent = groupBy(signed, ({ eventId }) => eventId);
  return [
    ...[...byEvent].flatMap(([eventId, sent]) => checkEvent(eventId, sent, held)),
    ...[...groupBy(signed, ({ signatureDigest }) => signatureDigest).values()].flatMap((sent) =>
      checkReplays(sent, held),
    ),
    ...unsigned.flatMap((attempt) => checkUnsigned(attempt, signed, held)),
    ...workflows.flatMap((workflow) => checkWorkflow(workflow, byEvent)),
    ...checkEffects(signed, held, effects),
  ];
}

type Held = ReadonlyMap<string, HeldWorkflow>;

function checkEvent(eventId: string, sent: readonly Attempt[], held: Held): readonly Violation[] {
  const acknowledged = groupBy(sent.filter(isAcknowledged), ({ bodyDigest }) => bodyDigest);
  const missing = [...acknowledged.keys()].filter((digest) => !isHeld(eventId, digest, held));
  const first = held.get(eventId);
  const violations: Violation[] = [];
  if (acknowledged.size > 0 && first === undefined)
    violations.push({ kind: 'lost', id: eventId, sentence: 'It was acknowledged, and Temporal has no such workflow.' });
  else
    violations.push(
      ...missing.map((digest) => ({
        kind: 'conflict-lost' as const,
        id: eventId,
        sentence: `Its bytes ${short(digest)} were acknowledged, and neither its workflow nor a conflict holds them.`,
      })),
    );
  return [...violations, ...sent.flatMap(checkAnswer), ...checkStartedOnce(eventId, sent)];
}

function isHeld(eventId: string, digest: string, held: Held): boolean {
  return held.get(eventId)?.bodyDigest === digest || held.get(conflictId(eventId, digest))?.bodyDigest === digest;
}

function checkAnswer({ eventId, answer }: Attempt): readonly Violation[] {
  if (answer === 'unanswered') return [];
  const { status, workflowId } = answer;
  if (status >= 400 && status < 500 && status !== 429)
    return [{ kind: 'refused', id: eventId, sentence: `It was signed, and answered ${status}.` }];
  if (isTaken(answer) && workflowId !== eventId)
    return [{ kind: 'misnamed', id: eventId, sentence: `Its answer names the workflow ${String(workflowId)}.` }];
  return [];
}

/** Of answers that say *started by this delivery* there is one, and none comes after another acknowledgement. */
function checkStartedOnce(eventId: string, sent: readonly Attempt[]): readonly Violation[] {
  const starts = sent.filter(({ answer }) => isTaken(answer) && answer.duplicate === false && answer.spooled !== true);
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
function checkReplays(sent: readonly Attempt[], held: Held): readonly Violation[] {
  const ids = [...new Set(sent.filter(isAcknowledged).map(({ eventId }) => eventId))];
  const bodyDigest = sent[0]?.bodyDigest;
  const found = ids.map((id) => held.get(id)).filter((workflow) => workflow?.bodyDigest === bodyDigest);
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

function checkUnsigned(attempt: Attempt, signed: readonly Attempt[], held: Held): readonly Violation[] {
  const { eventId, bodyDigest, answer } = attempt;
  const said = isTaken(answer) ? `was answered ${answer.status}` : undefined;
  const isGenuineToo = signed.some((other) => other.eventId === eventId && other.bodyDigest === bodyDigest);
  const reached = !isGenuineToo && isHeld(eventId, bodyDigest, held) ? 'reached Temporal' : undefined;
  return [said, reached]
    .filter((what) => what !== undefined)
    .map((what) => ({
      kind: 'unauthenticated',
      id: eventId,
      sentence: `A delivery without a right signature ${what}.`,
    }));
}

function checkWorkflow(workflow: HeldWorkflow, byEvent: ReadonlyMap<string, readonly Attempt[]>): readonly Violation[] {
  const { workflowId, type, runs, status } = workflow;
  const violations: Violation[] = [];
  if (runs > 1)
    violations.push({ kind: 'doubled-run', id: workflowId, sentence: `Temporal holds ${runs} runs of it.` });
  if (status !== 'COMPLETED' && !(status === 'RUNNING' && type === QUARANTINE))
    violations.push({ kind: 'unfinished', id: workflowId, sentence: `Its workflow is ${status}.` });
  return [...violations, ...checkContents(workflow, byEvent)];
}

const CONFLICT_ID = /^conflict:(.+):[0-9a-f]+$/;

function checkContents(
  { workflowId, type, bodyDigest }: HeldWorkflow,
  byEvent: ReadonlyMap<string, readonly Attempt[]>,
): readonly Violation[] {
  const conflict = CONFLICT_ID.exec(workflowId)?.[1];
  const sent = byEvent.get(conflict ?? workflowId);
  if (sent === undefined)
    return [{ kind: 'unknown', id: workflowId, sentence: 'Nobody sent its event with a right signature.' }];
  const same = sent.filter((attempt) => attempt.bodyDigest === bodyDigest);
  const wanted = same.map(({ event }) => (conflict === undefined ? typeOf(event) : QUARANTINE));
  if (wanted.includes(type)) return [];
  const what = `It is a ${type} of the bytes ${short(bodyDigest ?? 'none')}`;
  return [{ kind: 'altered', id: workflowId, sentence: `${what}, which is not what was sent.` }];
}

function typeOf(event: string | null): string {
  return TYPES[event ?? ''] ?? QUARANTINE;
}

/** Each effect once, and those of exactly the workflows that ran. */
function checkEffects(signed: readonly Attempt[], held: Held, effects: ReadonlyMap<string, number>): Violation[] {
  const earned = new Set(
    signed
      .filter(({ eventId, bodyDigest }) => isDone(held.get(eventId), bodyDigest))
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

function isDone(workflow: HeldWorkflow | undefined, bodyDigest: string): boolean {
  return workflow?.outcome === 'done' && workflow.bodyDigest === bodyDigest;
}

/** Answered 2xx: from then on it is promised. */
export function isAcknowledged({ answer }: Attempt): boolean {
  return isTaken(answer);
}

function isTaken(answer: Answer): answer is Exclude<Answer, 'unanswered'> {
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
