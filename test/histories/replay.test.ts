import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import * as workflows from '../../workflows';
import { quieten } from '../quieten';
import { historiesDirectory, recordedHistories } from './files';
import { scenarios } from './scenarios';

beforeAll(quieten);

const workflowBundle = { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };

async function replay(name: string, alter: (json: string) => string = (json) => json): Promise<void> {
  const json = readFileSync(join(historiesDirectory, `${name}.json`), 'utf8');
  await Worker.runReplayHistory({ workflowBundle }, historyFromJSON(JSON.parse(alter(json))), name);
}

describe('recorded histories', () => {
  test.each(recordedHistories())('%s replays against the code as it is', async (name) => {
    await expect(replay(name)).resolves.toBeUndefined();
  });

  test.each(recordedHistories())('%s names no path of the machine that recorded it', (name) => {
    const json = readFileSync(join(historiesDirectory, `${name}.json`), 'utf8');
    expect(json).not.toMatch(/(?:at |\()\/[^)"]*:\d+:\d+/);
  });

  test('every workflow type has one', () => {
    const recorded = new Set(recordedHistories().map((name) => name.split('/')[0]));
    expect(Object.keys(workflows).filter((type) => !recorded.has(type))).toEqual([]);
  });

  test('every scenario has one', () => {
    expect(recordedHistories()).toEqual(expect.arrayContaining(scenarios.map(({ type, name }) => `${type}/${name}`)));
  });

  test('a changed command is caught', async () => {
    const other = (json: string): string => json.replaceAll('"leaveGroups"', '"leaveEverything"');
    await expect(replay('offboarding/done', other)).rejects.toThrow(/[Nn]ondeterminism/);
  });
});
