import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { connectorMetrics } from '../../activities/observe-call';
import { createOpsMetrics } from '../../src/commands/ops/metrics';
import { createReceiverMetrics } from '../../src/commands/receiver/metrics';
import { refusals } from '../../src/receiver/refusals/rules';

const read = (path: string): string => readFileSync(resolve(__dirname, '../../docs', path), 'utf8');
const alerts = read('monitoring/alerts.yaml');
const dashboard = read('monitoring/dashboard.json');
const [, section = ''] = /## Watch it\n([\s\S]*?)(\n## |$)/.exec(read('operating.md')) ?? [];
/** Debian's package is `prometheus`. */
const promtool = process.env['PROMTOOL_PATH'] ?? 'promtool';
const hasPromtool = spawnSync(promtool, ['--version']).status === 0;

/** What the code has. */
let metrics: ReadonlySet<string>;
beforeAll(async () => {
  const receiver = createReceiverMetrics({
    refusals,
    secrets: { fingerprints: () => ['aaaaaaaa'], reloads: () => ({ changed: 0, failed: 0 }) },
    warnings: () => [],
    spool: () => ({
      records: 0,
      bytes: 0,
      maxBytes: 1,
      byLane: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 },
      oldestReceivedAt: undefined,
      deadLetters: 0,
      refusing: undefined,
    }),
    isTemporalReachable: () => true,
    now: () => 0,
  });
  const pool = { query: () => Promise.reject(new Error('away')) };
  const ops = createOpsMetrics({ viewers: () => 0, client: () => undefined, pool: pool as never });
  const texts = await Promise.all([receiver.text(), ops.text()]);
  const named = ({ body }: { body: string }) => [...body.matchAll(/^# TYPE (mindtickle_\w+)/gm)];
  metrics = new Set([...texts.flatMap(named).map(([, name = '']) => name), ...connectorMetrics]);
});

function namesIn(text: string): readonly string[] {
  return [
    ...new Set([...text.matchAll(/\bmindtickle_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))),
  ];
}

describe('the docs', () => {
  test('have a row for every metric, and for no other', () => {
    const rows = section.split('\n').filter((line) => line.startsWith('| `mindtickle_'));
    expect(rows.flatMap((row) => namesIn(row.split('|')[1] ?? '')).sort()).toEqual([...metrics].sort());
  });
});

describe('the alert rules', () => {
  test('are about metrics that there are, and say what each alert means', () => {
    for (const name of namesIn(alerts)) expect(metrics).toContain(name);
    const { groups } = parse(alerts) as { groups: { rules: { alert: string; annotations: { summary: string } }[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { annotations } of rules) expect(annotations.summary).toMatch(/\.$/);
  });

  (hasPromtool ? test : test.skip)('are accepted by promtool', () => {
    const path = resolve(__dirname, '../../docs/monitoring/alerts.yaml');
    expect(execFileSync(promtool, ['check', 'rules', path], { encoding: 'utf8' })).toContain('SUCCESS');
  });
});

describe('the dashboard', () => {
  test('is about metrics that there are', () => {
    const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };
    const names = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr)));
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(metrics).toContain(name);
  });
});
