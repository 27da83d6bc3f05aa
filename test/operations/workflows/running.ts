import { randomUUID } from 'node:crypto';
import { Worker } from '@temporalio/worker';
import { RawValue } from '@temporalio/common';
import { createOwnActivities } from '../../../activities';
import { searchAttributes } from '../../../src/domain';
import { createRereader } from '../../../src/receiver';
import { createWorkflowOperations } from '../../../src/operations/workflows';
import type { Operation } from '../../../src/operations/operation';
import { readConfigFile, type WorkerSettings } from '../../../src/settings';
import { openPool } from '../../../src/ledger';
import { statusOf } from '../../activities/running';
import { openLedger } from '../../ledger/fixture';
import { openNamespace, silentLog } from '../../temporal/fixture';

export const READING = { companyId: 'acme', timeZone: 'UTC' };

const TYPES: Readonly<Record<string, string>> = {
  'certification.expired': 'recertification',
  'user.deprovisioned': 'offboarding',
};

/** The operations of a namespace and a ledger of their own. A leaver's only reason is `terminated`. */
export async function openOperations() {
  const [temporal, ledger] = await Promise.all([openNamespace(), openLedger()]);
  const stopping = new AbortController();
  let isAway = false;
  const operations = createWorkflowOperations({
    client: () => (isAway ? undefined : temporal.client),
    pool: ledger.pool,
    policy: { timeZone: 'UTC', labels: { identity: 'Okta' } },
    links: { temporalUi: 'http://ui.example' },
    modes: () => ({ identity: 'on' }),
    companyId: READING.companyId,
    reread: createRereader(READING),
    now: Date.now,
    log: silentLog,
    signal: stopping.signal,
  });
  const stops: (() => Promise<void>)[] = [];

  return {
    ...temporal,
    pool: ledger.pool,
    setAway: (away: boolean) => void (isAway = away),
    /** As the API does: the input is read first. */
    ask: async (id: string, input: object = {}, by = 'ada'): Promise<never> => {
      const operation = operations.find((each) => each.id === id) as Operation;
      const answer = await operation.handle(operation.input.parse(input) as never, { by, role: 'operator' });
      if (operation.output !== 'file' && !('refused' in (answer as object))) operation.output.parse(answer);
      return answer as never;
    },
    /** As the receiver does. `data`: as it was read; of what is in quarantine, the body. */
    start: async (event: string, data: object, eventId = `evt-${randomUUID()}`): Promise<string> => {
      const at = new Date().toISOString();
      const isKnown = Object.hasOwn(TYPES, event);
      const body = Buffer.from(JSON.stringify({ event, data, companyId: READING.companyId }));
      const delivery = {
        ...{ eventId, event, signedAt: at, receivedAt: at, signatureDigest: eventId, bodyDigest: eventId },
        ...(isKnown ? { data } : { problem: { kind: 'unknown-event', detail: 'nobody knows the event' } }),
      };
      await temporal.client.workflow.start(TYPES[event] ?? 'quarantine', {
        workflowId: eventId,
        taskQueue: 'mindtickle',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [delivery, RawValue.fromPayload({ metadata: { encoding: Buffer.from('json/plain') }, data: body })],
        typedSearchAttributes: [
          { key: searchAttributes.event, value: event },
          { key: searchAttributes.userId, value: (data as { userId?: string }).userId ?? 'nobody' },
          { key: searchAttributes.phase, value: 'working' },
        ],
      });
      return eventId;
    },
    startWorker: async (): Promise<void> => {
      const pool = openPool(ledger.settings);
      const worker = await Worker.create({
        connection: temporal.connection,
        namespace: temporal.namespace,
        taskQueue: 'mindtickle',
        workflowBundle: { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' },
        activities: createOwnActivities(settings(ledger.settings.url), pool, createRereader(READING), statusOf()),
      });
      const running = worker.run();
      stops.push(async () => {
        worker.shutdown();
        await running;
        await pool.end();
      });
    },
    stop: async (): Promise<void> => {
      stopping.abort();
      for (const stop of stops) await stop();
      await temporal.close();
      await ledger.stop();
    },
  };
}

function settings(url: string): WorkerSettings {
  const { policy } = readConfigFile(undefined);
  return {
    companyId: READING.companyId,
    databaseUrl: () => url,
    connectors: {},
    policy: { ...policy, offboarding: { ...policy.offboarding, leaverReasons: ['terminated'] } },
    modes: {},
    receiptDays: 90,
    auditDays: 400,
    windowBackMs: 28_800_000,
    windowAheadMs: 300_000,
    logLevel: 'error',
  };
}
