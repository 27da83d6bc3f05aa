/** What has become of a leaver's access, step by step: by what the workflow says, else by what the ledger has of its writes. */
import type { StoredEffect } from '../../ledger';
import { MINUTE } from '../../domain';
import type { StepState, StepStatus } from '../../../workflows/messages';
import type { KnownState } from './known-state';

/** `off`: no such system. `notSupported`: the system has no call for it. `unknown`: the ledger has no record of it, and the workflow cannot be asked. */
export const LEAVER_STATUSES = [
  'done',
  'running',
  'parked',
  'skipped',
  'notFound',
  'wouldDo',
  'off',
  'notSupported',
  'undone',
  'pending',
  'unknown',
] as const;

type Status = (typeof LEAVER_STATUSES)[number];

export interface LeaverStep {
  readonly status: Status;
  /** ISO 8601. */
  readonly at: string | null;
  readonly detail: string | null;
}

/** The steps that people follow, and those of the workflow that they are. */
const STEPS = {
  signIn: 'freeze',
  sessions: 'freeze',
  groups: 'leaveGroups',
  crm: 'freezeCrm',
  chat: 'deactivateSlack',
  archive: 'archive',
  deactivation: 'deactivate',
} as const;

export type LeaverStepName = keyof typeof STEPS;
export type LeaverSteps = Readonly<Record<LeaverStepName, LeaverStep>>;

export const LEAVER_STEPS = Object.keys(STEPS) as readonly LeaverStepName[];

export interface LeaverFacts {
  readonly state: KnownState | undefined;
  readonly effects: readonly StoredEffect[];
  /** It runs, as far as the ledger knows. */
  readonly isOpen: boolean;
}

export function leaverSteps(facts: LeaverFacts): LeaverSteps {
  const entries = LEAVER_STEPS.map((name) => [name, stepOf(name, facts)] as const);
  return Object.fromEntries(entries) as unknown as LeaverSteps;
}

function stepOf(name: LeaverStepName, { state, effects, isOpen }: LeaverFacts): LeaverStep {
  const own = effects.filter((effect) => isStep(effect.step, STEPS[name]) && isAbout(name, effect));
  const said = state?.steps.filter(({ step }) => isStep(step, STEPS[name])).at(-1);
  if (said !== undefined) return name === 'sessions' ? sessionsOf(said, own) : saidOf(said);
  if (own.length > 0) return writtenOf(own);
  if (isOpen) return { status: 'pending', at: null, detail: null };
  return state === undefined
    ? { status: 'unknown', at: null, detail: 'no record of it is kept' }
    : { status: 'skipped', at: null, detail: 'the offboarding ended before it' };
}

/** A second one of the same name has a number. */
export function isStep(step: string, base: string): boolean {
  return step.startsWith(base) && /^\d*$/.test(step.slice(base.length));
}

function isAbout(name: LeaverStepName, { naturalKey }: StoredEffect): boolean {
  if (name === 'sessions') return naturalKey === 'sessions';
  return name !== 'signIn' || naturalKey !== 'sessions';
}

const SAID: Readonly<Record<StepStatus, Status>> = {
  running: 'running',
  done: 'done',
  'would do': 'wouldDo',
  skipped: 'skipped',
  parked: 'parked',
  undone: 'undone',
  dropped: 'skipped',
};

function saidOf({ status, detail, at }: StepState): LeaverStep {
  return { status: status === 'skipped' ? whySkipped(detail) : SAID[status], at, detail };
}

function whySkipped(detail: string | null): Status {
  if (detail?.startsWith('not found') === true) return 'notFound';
  if (detail?.startsWith('not supported') === true) return 'notSupported';
  return detail?.startsWith('not configured') === true ? 'off' : 'skipped';
}

/** They end with the sign-in; where the provider cannot end them, the step says so. */
function sessionsOf(freeze: StepState, own: readonly StoredEffect[]): LeaverStep {
  if (freeze.detail?.includes('sessions: not supported') === true)
    return { status: 'notSupported', at: freeze.at, detail: 'the provider has no call to end them' };
  return own.length > 0 && freeze.status === 'done' ? writtenOf(own) : saidOf(freeze);
}

const WRITTEN: Readonly<Record<StoredEffect['status'], Status>> = {
  done: 'done',
  pending: 'running',
  observed: 'wouldDo',
  failed: 'parked',
  undone: 'undone',
};

/** Of several writes of one step, such as one a group, the one that is least far. */
function writtenOf(effects: readonly StoredEffect[]): LeaverStep {
  const least = ['pending', 'failed', 'undone', 'observed', 'done'] as const;
  const status = least.find((one) => effects.some((effect) => effect.status === one)) ?? 'done';
  const at =
    effects
      .map(({ finishedAt, begunAt }) => finishedAt ?? begunAt)
      .sort()
      .at(-1) ?? null;
  return { status: WRITTEN[status], at, detail: null };
}

/** Where somebody may still get in. */
const ACCESS = ['signIn', 'sessions', 'groups', 'crm', 'chat'] as const;
const NOT_ENDED: readonly Status[] = ['running', 'parked', 'pending', 'wouldDo', 'undone'];

/** When the last of the access had ended, ISO 8601; null: it has not, or we only observe. */
export function accessEndOf(steps: LeaverSteps): string | null {
  const access = ACCESS.map((name) => steps[name]);
  if (access.some(({ status }) => NOT_ENDED.includes(status))) return null;
  return (
    access
      .flatMap(({ status, at }) => (status === 'done' && at !== null ? [at] : []))
      .sort()
      .at(-1) ?? null
  );
}

export interface AccessClock {
  /** From leaving or receipt, whichever is later. */
  readonly from: string;
  readonly limitAt: string;
  readonly endedAt: string | null;
  /** To one decimal. */
  readonly minutes: number | null;
  readonly isLate: boolean;
}

/** The time that access took, against the limit of the policy. `now` in epoch ms. */
export function accessClock(
  leaver: { readonly leftAt: string; readonly receivedAt: string | null; readonly isOpen: boolean },
  endedAt: string | null,
  { limitMinutes, now }: { readonly limitMinutes: number; readonly now: number },
): AccessClock {
  const from = Math.max(Date.parse(leaver.leftAt), Date.parse(leaver.receivedAt ?? leaver.leftAt));
  const limit = from + limitMinutes * MINUTE;
  const ended = endedAt === null ? null : Date.parse(endedAt);
  return {
    from: new Date(from).toISOString(),
    limitAt: new Date(limit).toISOString(),
    endedAt,
    minutes: ended === null ? null : Math.max(0, Math.round((ended - from) / (MINUTE / 10)) / 10),
    isLate: ended === null ? leaver.isOpen && now > limit : ended > limit,
  };
}
