import {
  cpuPer1000,
  medianOf,
  named,
  p99At,
  perSecondAt,
  ratioOf,
  workedPerSecond,
  type Results,
  type VariantResult,
} from './results';

/** What we want to hold, and what was measured. */
export interface Target {
  readonly name: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit?: string;
  /** Undefined: it was not measured. */
  readonly measured: number | undefined;
}

const BURSTS = [32, 128] as const;

export function targetsOf(results: Results): readonly Target[] {
  const ours = named(results, 'ours');
  if (ours === undefined) return [];
  const floor = named(results, 'floor');
  const peers = results.variants.filter(({ name }) => !['ours', 'floor', 'empty workflow'].includes(name));
  const ratio = (other: VariantResult | undefined, ...[measure]: [Parameters<typeof ratioOf>[2]]) =>
    other && ratioOf(ours, other, measure);
  return [
    ...BURSTS.map((connections) => ({
      name: `acknowledged/s, of the floor, ${connections} connections`,
      atLeast: 0.6,
      measured: ratio(floor, perSecondAt(connections)),
    })),
    ...BURSTS.map((connections) => ({
      name: `acknowledged/s, of the best peer, ${connections} connections`,
      atLeast: 1.3,
      measured: lowest(peers.map((peer) => ratio(peer, perSecondAt(connections)))),
    })),
    ...BURSTS.map((connections) => ({
      name: `p99, of the best peer's, ${connections} connections`,
      atMost: 1,
      measured: highest(peers.map((peer) => ratio(peer, p99At(connections)))),
    })),
    {
      name: 'completed/s, of the empty workflow',
      atLeast: 0.8,
      measured: ratio(named(results, 'empty workflow'), workedPerSecond),
    },
    { name: 'CPU of 1,000 events', atMost: 20, unit: 's', measured: medianOf(ours, cpuPer1000) },
    ...leaverTarget(results),
    { name: 'receiver at rest', atMost: 120, unit: 'MB', measured: results.atRest['receiver']?.megabytes },
    { name: 'receiver starts in', atMost: 2, unit: 's', measured: results.startedInMs.receiver / 1000 },
    { name: 'worker starts in', atMost: 2, unit: 's', measured: results.startedInMs.worker / 1000 },
  ];
}

function leaverTarget({ leaver }: Results): readonly Target[] {
  if (leaver === undefined) return [];
  const { idleMs, behindMs, behind } = leaver;
  const name = `a leaver behind ${behind.toLocaleString('en')} events: access ends, of the time when idle`;
  return [{ name, atMost: 5, measured: behindMs / idleMs }];
}

export function verdictOf({ atLeast, atMost, measured, unit }: Target): string {
  if (measured === undefined || Number.isNaN(measured)) return 'not measured';
  const after = unit === undefined ? '' : ` ${unit}`;
  if (atLeast !== undefined && measured < atLeast) return `missed by ${plain(atLeast - measured)}${after}`;
  if (atMost !== undefined && measured > atMost) return `missed by ${plain(measured - atMost)}${after}`;
  return 'met';
}

export function plain(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function lowest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
