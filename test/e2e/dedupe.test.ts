import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { setLearnerEmail } from '../../src/ledger';
import { createAccept } from '../../src/receiver/accept/accept';
import { createCappedLog } from '../../src/telemetry';
import { createStartSlots } from '../../src/receiver/accept/start-slots';
import { createReplayGuard } from '../../src/receiver/accept/replay-guard';
import { createRereader } from '../../src/receiver/verify/parse';
import { createStarter } from '../../src/receiver/accept/temporal-starter';
import { deliver } from '../../src/dev/mindtickle';
import type { Connected } from '../../src/temporal';
import { discardUpdate, stateQuery } from '../../workflows/messages';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { COMPANY, SECRET, startReceiver, type Running } from '../receiver/running';
import { openNamespace, silentLog } from '../temporal/fixture';
import { newDataDir, removeDataDir, until, untilState } from './stack';
import { startWorker } from './worker';

/** The receiver as far as Temporal, a worker with its own parts, the ledger, and an archive whose files are counted. */
const archive = newDataDir();
let temporal: Connected;
let ledger: LedgerFixture;
let receiver: Running;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  ledger = await openLedger();
  temporal = await openNamespace();
  const log = createCappedLog(silentLog, Date.now);
  const accept = createAccept({
    starter: createStarter(() => Promise.resolve(temporal.client)),
    spool: undefined,
    isTemporalAway: () => false,
    onSpooled: () => undefined,
    slots: createStartSlots(8),
    replayGuard: createReplayGuard(128),
    startTimeoutMs: 5000,
    log,
  });
  receiver = await startReceiver({ accept, now: Date.now, log });
  stopWorker = await startArchivingWorker();
}, 240_000);

afterAll(async () => {
  await receiver.close();
  await stopWorker();
  await temporal.close();
  await ledger.stop();
  removeDataDir(archive);
});

const startArchivingWorker = (): Promise<() => Promise<void>> =>
  startWorker({
    ...temporal,
    ledger: ledger.settings,
    archive: pathToFileURL(archive).href,
    reread: createRereader({ companyId: COMPANY }),
  });

/** One signed body: sent as often as wanted, under whatever id. The signature does not cover that. */
interface Signed {
  readonly userId: string;
  readonly body: string;
  readonly timestamp: string;
}

/** A completion by somebody new: its one effect is a certificate in the archive. */
function completion(): Signed {
  const userId = `u-${randomUUID()}`;
  const data = { userId, courseName: 'Safety', courseId: 'c1', score: 90, completedAt: '2026-03-02T09:00:00Z' };
  const body = JSON.stringify({ event: 'course.completed', data, companyId: COMPANY });
  return { userId, body, timestamp: String(Math.floor(Date.now() / 1000)) };
}

/** The same bytes, signed again as a retry may be. */
const signedAgain = (signed: Signed): Signed => ({ ...signed, timestamp: String(Number(signed.timestamp) - 1) });

interface Sent {
  readonly duplicate: boolean;
  readonly workflowId: string;
}

async function send(eventId: string, { userId, body, timestamp }: Signed): Promise<Sent> {
  // Without an address the workflow would wait for one.
  await setLearnerEmail(ledger.pool, userId, 'learner@example.com');
  const url = `http://127.0.0.1:${receiver.port}/webhooks/mindtickle`;
  const envelope = { event: '', data: null, companyId: COMPANY };
  const answer = await deliver({ url, secret: SECRET, eventId, body, timestamp, ...envelope });
  expect(answer).toMatchObject({ status: 200, body: { received: true } });
  return answer.body as Sent;
}

const newId = (): string => `evt-${randomUUID()}`;
const handleOf = (workflowId: string): WorkflowHandle => temporal.client.workflow.getHandle(workflowId);
const outcomeOf = (workflowId: string): Promise<unknown> => handleOf(workflowId).result();

/** What was written for this person: the ledger's rows of effects with their attempts, and the files of the archive. */
async function effectsFor({ userId }: Signed): Promise<unknown> {
  const { rows } = await ledger.pool.query<{ step: string; attempts: number }>(
    'select step, attempts from effects where user_id = $1',
    [userId],
  );
  const files = readdirSync(archive, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return { rows, hasFiles: files.length > 0 };
}
const ONE_CERTIFICATE = { rows: [{ step: 'storeCertificate', attempts: 1 }], hasFiles: true };

const completionsOf = async ({ userId }: Signed): Promise<number> => {
  const { rowCount } = await ledger.pool.query('select from completions where user_id = $1', [userId]);
  return rowCount ?? 0;
};

const FORGET_LIMIT_MS = 180_000;
const POLL_MS = 200;

/** As retention does it. The server waits for queues of its own that it looks at every half minute. */
async function forget(workflowIds: readonly string[]): Promise<void> {
  const { workflowService } = temporal.connection;
  const { namespace } = temporal;
  for (const workflowId of workflowIds)
    await workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  for (const workflowId of workflowIds) while (await isKnown(workflowId)) await delay(POLL_MS);
}

async function isKnown(workflowId: string): Promise<boolean> {
  try {
    await handleOf(workflowId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** The conflicts of an event id, as a person finds them in Temporal Web UI: workflow id and type. */
async function conflictsOf(eventId: string): Promise<readonly { workflowId: string; type: string }[]> {
  const query = `WorkflowId STARTS_WITH "conflict:${eventId}:"`;
  return until(
    async () => {
      const found = [];
      for await (const { workflowId, type } of temporal.client.workflow.list({ query }))
        found.push({ workflowId, type });
      return found;
    },
    ({ length }) => length > 0,
  );
}

const conflictId = (eventId: string) => new RegExp(`^conflict:${eventId}:[0-9a-f]{16}$`);

describe('one signed delivery', () => {
  test('under ten event ids has one effect, and nine workflows that name the one that ran', async () => {
    const captured = completion();
    const ids = Array.from({ length: 10 }, newId);
    await Promise.all(ids.map((eventId) => send(eventId, captured)));
    const outcomes = (await Promise.all(ids.map(outcomeOf))) as { outcome: string; first?: string }[];
    const ran = outcomes.findIndex(({ outcome }) => outcome === 'done');
    expect(outcomes).toEqual(
      ids.map((_, n) => (n === ran ? { outcome: 'done' } : { outcome: 'replayed', first: ids[ran] })),
    );
    expect(await effectsFor(captured)).toEqual(ONE_CERTIFICATE);
    expect(await completionsOf(captured)).toBe(1);
  });
});

describe('one event id with other bytes', () => {
  test('the genuine one first: it ran, and the forged replay is kept, and ends as what it is', async () => {
    const [capturedId, captured, eventId, genuine] = [newId(), completion(), newId(), completion()];
    for (const [id, signed] of [
      [capturedId, captured],
      [eventId, genuine],
    ] as const) {
      await send(id, signed);
      await expect(outcomeOf(id)).resolves.toEqual({ outcome: 'done' });
    }
    await expect(send(eventId, captured)).resolves.toMatchObject({ duplicate: true, workflowId: eventId });
    const [kept] = await conflictsOf(eventId);
    expect(kept).toEqual({ workflowId: expect.stringMatching(conflictId(eventId)) as string, type: 'quarantine' });
    await expect(outcomeOf(kept?.workflowId ?? '')).resolves.toEqual({ outcome: 'replayed', first: capturedId });
    for (const signed of [captured, genuine]) expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
  });

  test('the genuine one first, and the captured one never came by itself: it waits, and still runs when it does', async () => {
    const [eventId, genuine, captured, capturedId] = [newId(), completion(), completion(), newId()];
    await send(eventId, genuine);
    await outcomeOf(eventId);
    await expect(send(eventId, captured)).resolves.toMatchObject({ duplicate: true });
    const [kept] = await conflictsOf(eventId);
    const conflict = kept?.workflowId ?? '';
    await untilState(handleOf(conflict), ({ history }) => history.length > 0);

    await send(capturedId, captured);
    await expect(outcomeOf(capturedId)).resolves.toEqual({ outcome: 'done' });
    for (const signed of [captured, genuine]) expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
    await discard(conflict, 'the first delivery of the event id stands');
  });

  test('the forged replay first: the genuine one goes on by itself, and is known afterwards', async () => {
    const [capturedId, captured, eventId, genuine] = [newId(), completion(), newId(), completion()];
    await send(capturedId, captured);
    await outcomeOf(capturedId);
    await expect(send(eventId, captured)).resolves.toMatchObject({ duplicate: false });
    await expect(outcomeOf(eventId)).resolves.toEqual({ outcome: 'replayed', first: capturedId });

    await expect(send(eventId, genuine)).resolves.toMatchObject({ duplicate: true });
    await ranByItself(eventId, genuine);
    await expect(send(eventId, signedAgain(genuine))).resolves.toMatchObject({ duplicate: true });
    // Two runs of one workflow.
    expect(new Set((await conflictsOf(eventId)).map(({ workflowId }) => workflowId)).size).toBe(1);
    for (const signed of [captured, genuine]) expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
  });

  test('the forged replay first, and both before the worker looks: the genuine one goes on by itself', async () => {
    const [capturedId, captured, eventId, genuine] = [newId(), completion(), newId(), completion()];
    await send(capturedId, captured);
    await outcomeOf(capturedId);
    await stopWorker();
    await send(eventId, captured);
    await expect(send(eventId, genuine)).resolves.toMatchObject({ duplicate: true });
    stopWorker = await startArchivingWorker();
    await ranByItself(eventId, genuine);
    await expect(outcomeOf(eventId)).resolves.toEqual({ outcome: 'replayed', first: capturedId });
    for (const signed of [captured, genuine]) expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
  });
});

describe('an event that Temporal has forgotten', () => {
  const plain = { eventId: newId(), signed: completion() };
  const retried = { eventId: newId(), signed: completion() };
  const contradicted = { eventId: newId(), signed: completion() };
  const freed = { eventId: newId(), signed: completion() };

  beforeAll(async () => {
    const captured = completion();
    for (const { eventId, signed } of [plain, retried, contradicted]) {
      await send(eventId, signed);
      await expect(outcomeOf(eventId)).resolves.toEqual({ outcome: 'done' });
    }
    // This one came second, after a replay under its id, and ran by itself.
    for (const eventId of [newId(), freed.eventId]) {
      await send(eventId, captured);
      await outcomeOf(eventId);
    }
    await send(freed.eventId, freed.signed);
    const conflict = await ranByItself(freed.eventId, freed.signed);
    await forget([...[plain, retried, contradicted, freed].map(({ eventId }) => eventId), conflict]);
  }, FORGET_LIMIT_MS);

  test.each([
    ['as it was', plain, plain.signed],
    ['signed again', retried, signedAgain(retried.signed)],
    ['though it ran as a conflict', freed, freed.signed],
  ])('and that is sent again, %s, ends as a duplicate by the ledger', async (_how, { eventId, signed }, again) => {
    // The receiver asks Temporal alone: to it this is a new one.
    await expect(send(eventId, again)).resolves.toEqual({ received: true, duplicate: false, workflowId: eventId });
    await expect(outcomeOf(eventId)).resolves.toEqual({ outcome: 'duplicate', first: eventId });
    expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
    expect(await completionsOf(signed)).toBe(1);
  });

  test('and that comes again with other bytes keeps those as a conflict', async () => {
    const { eventId, signed } = contradicted;
    const other = completion();
    await expect(send(eventId, other)).resolves.toMatchObject({ duplicate: false });
    await expect(outcomeOf(eventId)).resolves.toEqual({ outcome: 'duplicate', first: eventId });
    const [kept] = await conflictsOf(eventId);
    expect(kept).toEqual({ workflowId: expect.stringMatching(conflictId(eventId)) as string, type: 'quarantine' });
    await discard(kept?.workflowId ?? '', 'the first delivery of the event id stands');
    expect(await effectsFor(other)).toMatchObject({ rows: [] });
    expect(await effectsFor(signed)).toEqual(ONE_CERTIFICATE);
  });
});

/** The conflict's workflow, which has gone on as the event's own. */
async function ranByItself(eventId: string, genuine: Signed): Promise<string> {
  const [kept] = await conflictsOf(eventId);
  const workflowId = kept?.workflowId ?? '';
  expect(workflowId).toMatch(conflictId(eventId));
  await expect(outcomeOf(workflowId)).resolves.toEqual({ outcome: 'done' });
  expect((await handleOf(workflowId).describe()).type).toBe('courseCompletion');
  const { rows } = await ledger.pool.query('select event_id, outcome from receipts where user_id = $1', [
    genuine.userId,
  ]);
  expect(rows).toEqual([{ event_id: eventId, outcome: 'done' }]);
  return workflowId;
}

/** A person throws a conflict away that has said this. */
async function discard(workflowId: string, said: string): Promise<void> {
  const handle = handleOf(workflowId);
  const { history } = await untilState(handle, ({ history: entries }) => entries.length > 0);
  expect(history.map(({ what }) => what)).toEqual([said]);
  expect(await handle.query(stateQuery)).toMatchObject({ phase: 'waiting', waitingFor: expect.any(String) as string });
  await handle.executeUpdate(discardUpdate, { args: [{ by: 'ada', reason: 'forged' }] });
  await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
}
