import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import * as workflows from '../../workflows';
import { quieten } from '../quieten';
import { NEWEST_RELEASE, readHistory, recordedHistories, type Recorded } from './files';
import { scenarios } from './scenarios';

beforeAll(quieten);

const workflowBundle = { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };

const all = recordedHistories();
const table = all.map((recorded) => [nameOf(recorded), recorded] as const);

function nameOf({ release, workflow, scenario }: Recorded): string {
  return `${release}/${workflow}/${scenario}`;
}

/** @throws Error one message that says what would break, in place of the SDK's three. */
async function replay(recorded: Recorded, json = readHistory(recorded)): Promise<void> {
  try {
    await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(JSON.parse(json)), nameOf(recorded));
  } catch (error) {
    const { workflow, scenario, release } = recorded;
    const why = error instanceof Error ? error.message : String(error);
    // eslint-disable-next-line preserve-caught-error -- its message is in this one: Jest would print it again.
    throw new Error(
      `${workflow}, scenario ${scenario}, recorded by release ${release}, does not replay: ` +
        `running workflows of ${release} would break. Read on in CONTRIBUTING.md. Temporal says: ${why}`,
    );
  }
}

describe('recorded histories', () => {
  test.each(table)('%s replays against the code as it is', async (_name, recorded) => {
    await expect(replay(recorded)).resolves.toBeUndefined();
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

  test('a changed command is caught, in one plain message', async () => {
    const recorded = { release: NEWEST_RELEASE, workflow: 'offboarding', scenario: 'done' };
    const changed = readHistory(recorded).replaceAll('"leaveGroups"', '"leaveEverything"');
    const failure = await replay(recorded, changed).catch((error: unknown) => String(error));
    expect(failure).toMatch(
      /^Error: offboarding, scenario done, recorded by release 1\.0, does not replay: running workflows of 1\.0 would break/,
    );
    expect(failure).toMatch(/[Nn]ondeterminism/);
  });
});
