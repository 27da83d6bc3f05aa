import { EventEmitter, once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { refusals } from '../../src/receiver/refusals/rules';
import { watchSecrets, type WatchedSecrets } from '../../src/settings';
import { createReceiverMetrics, type ReceiverMetrics } from '../../src/commands/receiver/metrics';
import { converse, requestBytes } from './raw-http';
import { BODY, deliver, lengthOf, NOW, signedHeaders, startReceiver, type Running } from './running';

const OLD = 'whsec_old_0123456789abcdef0123456789';
const NEW = 'whsec_new_0123456789abcdef0123456789';
const SENDERS = 8;
const DELIVERIES_EACH = 50;

let place: string;
let path: string;
let now: number;
let watched: WatchedSecrets;
let metrics: ReceiverMetrics;
let receiver: Running;
let sent: number;
const changes = new EventEmitter();

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'mindtickle-rotation-'));
  path = join(place, 'webhook-secret');
  now = NOW;
  sent = 0;
  writeFileSync(path, OLD);
  // Each change is logged.
  const sink = new Writable({ write: (_chunk, _encoding, done) => done(void changes.emit('logged')) });
  watched = watchSecrets({ env: { MINDTICKLE_WEBHOOK_SECRET_FILE: path }, log: pino(sink), settleMs: 1 });
  metrics = createReceiverMetrics({
    refusals,
    secrets: watched,
    warnings: watched.warnings,
    spool: undefined,
    isTemporalReachable: () => true,
    now: () => now,
  });
  receiver = await startReceiver({
    secrets: watched.current,
    onVerified: metrics.verified,
    observe: metrics.observer,
    now: () => now,
  });
});
afterEach(async () => {
  await receiver.close();
  watched.close();
  rmSync(place, { recursive: true });
});

function replaceFile(text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

async function untilKnown(...secrets: readonly string[]): Promise<void> {
  while (watched.current().join() !== secrets.join()) await once(changes, 'logged');
}

type SecretOf = (delivery: number) => string | Promise<string>;

/** Deliver so many, one after another on one connection, each signed with what `secretOf` says then. */
async function load(secretOf: SecretOf): Promise<number[]> {
  const conversation = converse(receiver.port);
  const statuses: number[] = [];
  for (let delivery = 0; delivery < DELIVERIES_EACH; delivery += 1) {
    sent += 1;
    const eventId = `evt-${sent}`;
    const secret = await secretOf(delivery);
    const headers = [...signedHeaders({ eventId, secret }), lengthOf(BODY)];
    conversation.write(requestBytes(headers, BODY));
    statuses.push((await conversation.next()).status);
  }
  conversation.socket.destroy();
  return statuses;
}

async function underLoad(secretOf: SecretOf): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: SENDERS }, () => load(secretOf)));
  return all.flat();
}

async function lastUseOf(fingerprint: string): Promise<number[]> {
  const { body } = await metrics.text();
  return body
    .split('\n')
    .filter(
      (line) => line.startsWith('mindtickle_secret_last_verified_timestamp_seconds{') && line.includes(fingerprint),
    )
    .map((line) => Number(line.split(' ').at(-1)));
}

describe('a rotation by the file of the secret, under load', () => {
  test('refuses nothing in the overlap, the old secret after it, and tells when that was used last', async () => {
    const [ofOld = ''] = watched.fingerprints();

    // Both become known in the middle of it; from then on MindTickle signs with the new one, but for its retries.
    const overlap = await underLoad(async (delivery) => {
      if (delivery === 5) replaceFile(`${NEW}\n${OLD}\n`);
      if (delivery === DELIVERIES_EACH / 2) await untilKnown(NEW, OLD);
      return delivery >= DELIVERIES_EACH / 2 && delivery % 2 === 0 ? NEW : OLD;
    });
    expect(overlap).toEqual(Array(SENDERS * DELIVERIES_EACH).fill(200));

    now += 60_000;
    const lastUse = now / 1000;
    expect((await deliver(receiver.port, { secret: OLD, eventId: 'the-last-retry' })).status).toBe(200);

    // The old one goes in the middle of it too.
    now += 60_000;
    const after = await underLoad(async (delivery) => {
      if (delivery === 5) replaceFile(NEW);
      if (delivery === DELIVERIES_EACH / 2) await untilKnown(NEW);
      return NEW;
    });
    expect(after).toEqual(Array(SENDERS * DELIVERIES_EACH).fill(200));
    expect((await deliver(receiver.port, { secret: OLD, eventId: 'too-late' })).status).toBe(403);
    expect((await deliver(receiver.port, { secret: NEW, eventId: 'in-time' })).status).toBe(200);

    expect(Math.max(...(await lastUseOf(ofOld)))).toBe(lastUse);
    const { body } = await metrics.text();
    expect(body).toContain('mindtickle_receiver_refusals_total{rule="mismatch",status="403"} 1\n');
    expect(body).not.toMatch(/whsec/);
    expect(receiver.received).toHaveLength(2 * SENDERS * DELIVERIES_EACH + 2);
  });

  test('goes on with the old secrets while the file is broken', async () => {
    const statuses = await underLoad((delivery) => {
      if (delivery === 5) writeFileSync(path, '');
      return OLD;
    });
    while (watched.warnings().length === 0) await once(changes, 'logged');
    expect(statuses).toEqual(Array(SENDERS * DELIVERIES_EACH).fill(200));
    expect((await metrics.text()).body).toContain('mindtickle_secret_reloads_total{outcome="failed"} 1\n');
    expect((await metrics.text()).body).toContain('mindtickle_receiver_warnings 1\n');
  });

  test('lets a delivery that began before the change end with the secrets it began with', async () => {
    // The old one is taken away while deliveries signed with it are being stored.
    let release = (): void => undefined;
    const stored = new Promise<void>((resolve) => (release = resolve));
    const handed = new EventEmitter();
    const slow = await startReceiver({
      secrets: watched.current,
      accept: async () => {
        handed.emit('handed');
        await stored;
        return 'started';
      },
    });
    const isHanded = once(handed, 'handed');
    const answer = deliver(slow.port, { secret: OLD });
    await isHanded;
    replaceFile(NEW);
    await untilKnown(NEW);
    release();
    expect((await answer).status).toBe(200);
    expect((await deliver(slow.port, { secret: OLD, eventId: 'evt-2' })).status).toBe(403);
    await slow.close();
  });
});
