import { cpuPer1000, medianOf, named, p50At, p99At, perSecondAt, ratioOf, workedPerSecond } from './results';
import type { Results, VariantResult } from './results';
import { plain, targetsOf, verdictOf } from './targets';

/** What a person reads: the ratios, the figures behind them, the targets, and how all of it was measured. */
export function describeResults(results: Results): string {
  const { machine, versions, method, missing } = results;
  return [
    'Ratios (medians over the rounds; each within one round)',
    table(ratioRows(results)),
    'Figures (medians over the rounds)',
    table(figureRows(results)),
    'Memory after the work, in MB',
    table(memoryRows(results)),
    'Targets',
    table(targetRows(results)),
    ...Object.entries(missing).map(([name, why]) => `Missing: ${name}: ${why}`),
    ...results.variants.flatMap(faultsOf),
    `Machine: ${pairs(machine)}`,
    `Versions: ${pairs(versions)}`,
    ...method,
  ].join('\n\n');
}

/** What makes the figures of a variant worth less. */
function faultsOf({ name, samples }: VariantResult): readonly string[] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const failed = sum(samples.flatMap(({ accepted }) => [...accepted.values()].map((load) => load.failed)));
  const left = sum(samples.map(({ worked }) => worked?.missing ?? 0));
  return [
    ...(failed > 0 ? [`${name}: ${failed} deliveries were not acknowledged`] : []),
    ...(left > 0 ? [`${name}: ${left} events were not worked off in time`] : []),
  ];
}

type Row = readonly string[];

function ratioRows(results: Results): readonly Row[] {
  const [floor, ours, empty] = ['floor', 'ours', 'empty workflow'].map((name) => named(results, name));
  const against = (one: VariantResult, other: VariantResult | undefined, measure: Parameters<typeof ratioOf>[2]) =>
    plain(other && ratioOf(one, other, measure));
  const heads = ['', 'ack/s of the floor, 32', '128', 'ack/s of ours, 32', '128', 'completed/s of empty'];
  return [
    heads,
    ...results.variants.map((variant) => [
      variant.name,
      ...[32, 128].map((connections) => against(variant, floor, perSecondAt(connections))),
      ...[32, 128].map((connections) => against(variant, ours, perSecondAt(connections))),
      against(variant, empty, workedPerSecond),
    ]),
  ];
}

function figureRows({ variants }: Results): readonly Row[] {
  const connections = [1, 32, 128];
  return [
    [
      '',
      ...connections.map((each) => `ack/s, ${each}`),
      ...connections.map((each) => `p50 · p99 ms, ${each}`),
      'completed/s',
      'CPU-s per 1,000',
      'history events per 1,000',
    ],
    ...variants.map((variant) => [
      variant.name,
      ...connections.map((each) => plain(medianOf(variant, perSecondAt(each)))),
      ...connections.map(
        (each) => `${plain(medianOf(variant, p50At(each)))} · ${plain(medianOf(variant, p99At(each)))}`,
      ),
      plain(medianOf(variant, workedPerSecond)),
      plain(medianOf(variant, cpuPer1000)),
      plain(variant.historyLength && variant.historyLength * 1000),
    ]),
  ];
}

function memoryRows({ variants }: Results): readonly Row[] {
  return variants.flatMap(({ name, samples }) => {
    const usage = samples.at(-1)?.worked?.usage;
    if (usage === undefined) return [];
    return [
      [
        name,
        Object.entries(usage)
          .map(([part, { megabytes }]) => `${part} ${megabytes}`)
          .join(', '),
      ],
    ];
  });
}

function targetRows(results: Results): readonly Row[] {
  return targetsOf(results).map((target) => {
    const { name, atLeast, atMost, unit = '', measured } = target;
    const wanted = atLeast === undefined ? `≤ ${String(atMost)}` : `≥ ${atLeast}`;
    return [name, `${wanted} ${unit}`.trim(), `${plain(measured)} ${unit}`.trim(), verdictOf(target)];
  });
}

function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pairs(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
