import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import type { DemoEvent } from '../../src/commands/demo';
import { SYSTEMS } from '../../src/domain';
import { eventNames, events, type EventName } from '../../src/events';
import type { StandInsState } from '../../src/dev/stand-ins';
import { stateQuery } from '../../workflows/messages';
import { runMtJson } from '../mt';
import { quieten } from '../quieten';
import { newDataDir, removeDataDir, startDev, type DevStack } from './stack';

interface Demo {
  readonly ok: boolean;
  readonly run: string;
  readonly events: readonly DemoEvent[];
  readonly effects: StandInsState;
}

const writes = ({ calls }: StandInsState) => calls.filter(({ method }) => method !== 'GET');

quieten();

describe('mt demo', () => {
  let stack: DevStack;
  let first: Demo;
  const dataDir = newDataDir();
  beforeAll(async () => {
    // A start that takes longer is spooled, and its answer does not know the duplicate.
    stack = await startDev(dataDir, { START_TIMEOUT_MS: '20000' });
    first = (await runMtJson(['demo', '--data-dir', dataDir])).json as Demo;
  }, 240_000);
  afterAll(async () => {
    await stack.stop();
    removeDataDir(dataDir);
  });

  test('brings each event to its first rest, as a workflow of its type under the event id', () => {
    expect(first.events.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(first.ok).toBe(true);
    const restOf = (event: EventName) => ('lastStep' in events[event].demo ? 'waiting' : 'done');
    expect(first.events.map(({ event, workflowType, phase }) => [event, workflowType, phase])).toEqual([
      ...eventNames.map((event) => [event, events[event].workflowType, restOf(event)]),
      ['demo.unknown', 'quarantine', 'waiting'],
    ]);
    for (const { eventId, workflowId } of first.events) expect(workflowId).toBe(eventId);
  });

  test('leaves histories that replay: a worker that starts anew goes on with them', async () => {
    const workflowBundle = { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' };
    for (const { workflowId } of first.events) {
      const history = await stack.client.workflow.getHandle(workflowId).fetchHistory();
      await expect(Worker.runReplayHistory({ workflowBundle }, history, workflowId)).resolves.toBeUndefined();
    }
  });

  test('leaves the effects in the stand-ins', () => {
    const seen = first.effects.identity.users.map(({ externalId, active, groups }) => ({ externalId, active, groups }));
    expect(seen).toEqual(
      expect.arrayContaining([
        { externalId: 'mt-rita', active: true, groups: ['Certified', 'Recertification required'] },
        { externalId: 'mt-omar', active: false, groups: [] },
        { externalId: 'mt-nina', active: true, groups: ['Sales onboarding'] },
      ]),
    );
    const expected = eventNames.flatMap((event) => events[event].demo.effects).filter((effect) => 'mailTo' in effect);
    // Beside these, the administrator gets the report of the offboarding.
    expect(first.effects.mail.messages).toHaveLength(expected.length + 1);
  });

  test('again with the same run is all duplicates, and calls nobody to write', async () => {
    const again = (await runMtJson(['demo', '--data-dir', dataDir, '--run', first.run])).json as Demo;
    expect(again.ok).toBe(true);
    expect(again.events.map(({ duplicate }) => duplicate)).toEqual(first.events.map(() => true));
    expect(writes(again.effects)).toEqual(writes(first.effects));
  });
});

describe('mt demo while every connector observes', () => {
  test('leaves the stand-ins untouched, and the state says what would have been done', async () => {
    const dataDir = newDataDir();
    const config = join(dataDir, 'observe.yaml');
    const modes = SYSTEMS.map((system) => `${system}: observe`).join(', ');
    writeFileSync(config, `administrators: [admin@example.com]\nconnectors: { ${modes} }\n`);
    const stack = await startDev(dataDir, { MINDTICKLE_CONFIG: config });
    try {
      const { ok, events, effects } = (await runMtJson(['demo', '--data-dir', dataDir])).json as Demo;
      expect(ok).toBe(true);
      // To sign in, and to ask whether one is, is no write.
      expect(writes(effects).filter(({ path }) => !/\/(oauth2\/token|auth\.test)$/.test(path))).toEqual([]);
      const offboarding = events.find(({ event }) => event === 'user.deprovisioned')?.workflowId ?? '';
      const { steps } = await stack.client.workflow.getHandle(offboarding).query(stateQuery);
      const would = steps.filter(({ status }) => status === 'would do').map(({ step, title }) => [step, title]);
      expect(would).toEqual(
        expect.arrayContaining([
          ['freeze', 'Freeze the sign-in and end the sessions'],
          ['leaveGroups', 'Leave all groups'],
          ['freezeCrm', 'Freeze the CRM user'],
          ['deactivateSlack', 'Deactivate the Slack account'],
          ['archive', 'Archive what is known of the person'],
        ]),
      );
    } finally {
      await stack.stop();
      removeDataDir(dataDir);
    }
  }, 240_000);
});
