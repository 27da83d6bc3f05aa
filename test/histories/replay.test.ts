import * as workflows from '../../workflows';
import { quieten } from '../quieten';
import { NEWEST_RELEASE, readHistory, recordedHistories, type Recorded } from './files';
import { replay } from './replay';
import { scenarios } from './scenarios';

beforeAll(quieten);

const workflowBundle = { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };

const all = recordedHistories();
const table = all.map((recorded) => [nameOf(recorded), recorded] as const);

function nameOf({ release, workflow, scenario }: Recorded): string {
  return `${release}/${workflow}/${scenario}`;
}

describe('recorded histories', () => {
  test.each(table)('%s replays against the code as it is', async (_name, recorded) => {
    await expect(replay(workflowBundle, recorded)).resolves.toBeUndefined();
  });

  test.each(table)('%s names no path of the machine that recorded it', (_name, recorded) => {
    expect(readHistory(recorded)).not.toMatch(/(?:at |\()\/[^)"]*:\d+:\d+/);
  });

  test('the newest release has one of every scenario, and every workflow has a scenario', () => {
    const names = Object.keys(workflows).flatMap((workflow) => {
      const own = Object.keys(scenarios[workflow as keyof typeof workflows]);
      return own.length === 0 ? [`${workflow}, which has no scenario`] : own.map((name) => `${workflow}/${name}`);
    });
    const recorded = all.filter(({ release }) => release === NEWEST_RELEASE);
    expect(recorded.map(({ workflow, scenario }) => `${workflow}/${scenario}`)).toEqual(expect.arrayContaining(names));
  });

  test('a changed command is caught, in one plain message that names the event and the step', async () => {
    const recorded = { release: NEWEST_RELEASE, workflow: 'offboarding', scenario: 'done' };
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
    const recorded = { release: NEWEST_RELEASE, workflow: 'onboarding', scenario: 'started' };
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
