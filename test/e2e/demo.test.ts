import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import type { DemoEvent } from '../../src/commands/demo';
import type { Report } from '../../src/commands/simulate/report';
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

  // After the demo's, whose calls it would join.
  describe('and mt simulate', () => {
    const simulate = async (scenario: string, ...more: readonly string[]) =>
      (await runMtJson(['simulate', scenario, '--data-dir', dataDir, '--seed', '1', ...more])).json as Report;

    test('retake: one certificate and one record for two completions', async () => {
      const report = await simulate('retake', '--count', '2');
      expect(report.faults).toEqual([]);
      expect(report.total).toMatchObject({ answered: 4, started: 4, effects: 6, lost: 0, doubled: 0 });
    });

    test('rotation: what was refused before the receiver had the new secret is delivered by a retry', async () => {
      const report = await simulate('rotation', '--count', '3');
      expect(report.faults).toEqual([]);
      expect(report.total).toMatchObject({ happened: 3, answered: 3, started: 3, lost: 0, doubled: 0 });
      const statuses = report.deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status));
      expect(statuses).toContain(403);
    });

    test('outage of 8 hours: the retries deliver all of it, once', async () => {
      const report = await simulate('outage-8h', '--count', '3', '--compression', '40000');
      expect(report.faults).toEqual([]);
      expect(report.total).toMatchObject({ happened: 3, answered: 3, givenUp: 0, lost: 0, doubled: 0 });
      expect(report.total.attempts).toBeGreaterThan(3);
    });

    test('no SCIM events in the subscription: nobody joins or leaves', async () => {
      const report = await simulate('no-scim', '--count', '1');
      expect(report.faults).toEqual([]);
      expect(report.table.map(({ event, notSent, started }) => [event, notSent, started])).toEqual([
        ['course.completed', 0, 1],
        ['user.provisioned', 1, 0],
        ['user.deprovisioned', 1, 0],
      ]);
    });
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
