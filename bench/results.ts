import type { Sample } from './measure';
import type { LeaverTimes } from './leaver';
import { median } from './statistics';
import type { Usage } from './usage';

/** Everything that one run has found, as it was measured. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly method: readonly string[];
  readonly variants: readonly VariantResult[];
  /** Why a peer is not among them. */
  readonly missing: Readonly<Record<string, string>>;
  /** Of our own processes before the first delivery. */
  readonly atRest: Readonly<Record<string, Usage>>;
  readonly startedInMs: { readonly worker: number; readonly receiver: number };
  readonly leaver: LeaverTimes | undefined;
}

export interface VariantResult {
  readonly name: string;
  readonly description: string;
  /** One a round. */
  readonly samples: readonly Sample[];
  readonly historyLength: number | undefined;
}

type Measure = (sample: Sample) => number | undefined;

/** The median over the rounds; undefined: it was not measured. */
export function medianOf({ samples }: VariantResult, measure: Measure): number | undefined {
  const values = samples.map(measure).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** The median of what one is of the other in the same round: the machine is not the same in all. */
export function ratioOf(one: VariantResult, other: VariantResult, measure: Measure): number | undefined {
  const ratios = one.samples.flatMap((sample, round) => {
    const [value, against] = [measure(sample), other.samples[round] && measure(other.samples[round])];
    return value === undefined || against === undefined ? [] : [value / against];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

export const perSecondAt =
  (connections: number): Measure =>
  ({ accepted }) =>
    accepted.get(connections)?.perSecond;

export const p50At =
  (connections: number): Measure =>
  ({ accepted }) =>
    accepted.get(connections)?.p50Ms;

export const p99At =
  (connections: number): Measure =>
  ({ accepted }) =>
    accepted.get(connections)?.p99Ms;

export const workedPerSecond: Measure = ({ worked }) => worked?.perSecond;

/** Of one that works nothing off: what taking costs. */
export const cpuPer1000: Measure = ({ accepted, worked }) => worked?.cpuPer1000 ?? accepted.get(32)?.cpuPer1000;

export function named({ variants }: Results, name: string): VariantResult | undefined {
  return variants.find((variant) => variant.name === name);
}
