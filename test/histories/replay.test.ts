import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NEWEST_RELEASE, RELEASES } from '../../src/domain';
import * as workflows from '../../workflows';
import { quieten } from '../quieten';
import { readHistory, recordedHistories, type Recorded } from './files';
import { replay } from './replay';
import { scenarios } from './scenarios';
import { percentOf, unusedExceptions, unwalked, type Walk } from './walk';

const workflowBundle = { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };

const all = recordedHistories();
const table = all.map((recorded) => [nameOf(recorded), recorded] as const);

function nameOf({ release, workflow, scenario }: Recorded): string {
  return `${release}/${workflow}/${scenario}`;
}

let walked: Walk;

/** On a busy machine, ten times what it takes on one at rest. */
const LIMIT_MS = 60_000 + all.length * 2000;

/** All histories at once, in a process of its own: the bundler is many times slower in Jest's. */
async function walkInAProcess(): Promise<Walk> {
  const [program, entry] = ['../run-typescript.cjs', './walk/main.ts'].map((path) => require.resolve(path));
  const options = { maxBuffer: 64 * 1024 * 1024, timeout: LIMIT_MS };
  const args = ['-r', String(program), String(entry), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return JSON.parse(stdout) as Walk;
}

beforeAll(async () => {
  quieten();
  walked = await walkInAProcess();
}, LIMIT_MS + 10_000);

describe('recorded histories', () => {
  test.each(table)('%s replays against the code as it is', async (_name, recorded) => {
    const failed = walked.failed.map(nameOf);
    if (failed.includes(nameOf(recorded))) await replay(workflowBundle, recorded);
    expect(failed).not.toContain(nameOf(recorded));
  });

  test.each(table)('%s names no path of the machine that recorded it', (_name, recorded) => {
    expect(readHistory(recorded)).not.toMatch(/(?:at |\()\/[^)"]*:\d+:\d+/);
  });

  test('the newest release has a history of every scenario', () => {
    const recorded = new Set(all.map(nameOf));
    const missing = Object.entries(scenarios)
      .flatMap(([workflow, own]) => Object.keys(own).map((scenario) => ({ workflow, scenario })))
      .map((one) => nameOf({ release: NEWEST_RELEASE, ...one }))
      .filter((name) => !recorded.has(name));
    expect({ 'not recorded: npm run histories:record': missing }).toEqual({
      'not recorded: npm run histories:record': [],
    });
  });

  test('every workflow has a scenario', () => {
    const without = Object.keys(workflows).filter(
      (workflow) => Object.keys(scenarios[workflow as keyof typeof workflows]).length === 0,
    );
    expect(without).toEqual([]);
  });

  test('of a release that is not in the list there is none: nothing would begin or replay so', () => {
    expect(all.map(({ release }) => release).filter((release) => !RELEASES.some((one) => one === release))).toEqual([]);
  });

  test('a changed command is caught, in one plain message that names the event and the step', async () => {
    const recorded = { release: RELEASES[0], workflow: 'offboarding', scenario: 'done' };
    const changed = readHistory(recorded).replaceAll('"leaveGroups"', '"leaveEverything"');
    const failure = String(await replay(workflowBundle, recorded, changed).catch((error: unknown) => error));
    expect(failure).toMatch(
      /^Error: offboarding, scenario done: running workflows of 1\.0 would break\. They went on with .*event \d+ \(activity leaveEverything, step leaveGroups: Leave /,
    );
    expect(failure).toContain("'leaveEverything' does not match activity type of activity command 'leaveGroups'");
    expect(failure).not.toMatch(/Failure \{|Some\(/);
    expect(failure.match(/leaveEverything/g)).toHaveLength(2);
  });

  test('a removed command is caught too, at the events that it led to', async () => {
    const recorded = { release: RELEASES[0], workflow: 'onboarding', scenario: 'started' };
    const { events } = JSON.parse(readHistory(recorded)) as { events: { markerRecordedEventAttributes?: object }[] };
    const first = events.findIndex(({ markerRecordedEventAttributes: marker }) => marker !== undefined);
    const fewer = events
      .filter((_event, index) => index !== first)
      .map((each, index) => ({ ...each, eventId: String(index + 1) }));
    const failure = String(
      await replay(workflowBundle, recorded, JSON.stringify({ events: fewer })).catch((error: unknown) => error),
    );
    expect(failure).toMatch(
      /^Error: onboarding, scenario started: running workflows of 1\.0 would break\. They went on with /,
    );
    expect(failure).not.toMatch(/Failure \{|Some\(/);
  });
});

/** What no history walks may be changed, and break running workflows, unseen. */
describe('coverage of workflows/ under replay', () => {
  const enough = 95;

  test.each(['statements', 'branches'] as const)('histories walk nearly all %s that are not listed', (kind) => {
    const percent = percentOf(walked.places, kind);
    const missing = percent < enough ? unwalked(walked.places) : [];
    expect({ percent, 'walked by no history: record a scenario, or list it with the reason': missing }).toEqual({
      percent,
      'walked by no history: record a scenario, or list it with the reason': [],
    });
  });

  test('both ways of each `since` are walked', () => {
    expect(unwalked(walked.places).filter((place) => place.includes('since('))).toEqual([]);
  });

  test('what is listed is walked by none', () => {
    expect(unusedExceptions(walked.places)).toEqual([]);
  });
});
