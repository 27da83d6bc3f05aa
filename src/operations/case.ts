/** One workflow as people see it: the JSON shape that lists, pages and reports share. */
import { z } from 'zod';
import { person } from './person';

export const CASE_STATUSES = [
  'running',
  'completed',
  'cancelled',
  'failed',
  'terminated',
  'timedOut',
  'continuedAsNew',
] as const;

/** ISO 8601 in UTC. */
const time = z.string();

/** What a person has to say with a message. */
export const asks = z.enum(['reason', 'deadline', 'to', 'email', 'note', 'evidence', 'data']);

/** A message that is possible now. */
export const action = z.object({
  message: z.string(),
  label: z.string(),
  /** What it will do, as a sentence. */
  does: z.string(),
  args: z.object({ step: z.string().optional() }),
  asks: z.array(asks),
});

export const workflowCase = z.object({
  workflowId: z.string(),
  runId: z.string(),
  workflowType: z.string(),
  event: z.string().nullable(),
  status: z.enum(CASE_STATUSES),
  person: person.nullable(),
  /** The title of the certificate, quiz, course or module. */
  about: z.string().nullable(),
  phase: z.string().nullable(),
  outcome: z.string().nullable(),
  needs: z.enum(['person', 'time', 'system']).nullable(),
  cause: z.string().nullable(),
  step: z.string().nullable(),
  stepTitle: z.string().nullable(),
  since: time.nullable(),
  waitingFor: z.string().nullable(),
  next: z.object({ at: time.nullable(), what: z.string() }).nullable(),
  deadline: time.nullable(),
  startedAt: time,
  closedAt: time.nullable(),
  /** What happened, to whom, since when; what happens by itself and when. */
  sentence: z.string(),
  /** The most sensible first. */
  actions: z.array(action),
  webUi: z.string().nullable(),
});

export type Case = z.infer<typeof workflowCase>;
export type Action = z.infer<typeof action>;
export type CaseStatus = (typeof CASE_STATUSES)[number];
