import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCappedLog } from '../../src/telemetry';
import { parseBody } from '../../src/receiver/verify/parse';
import { openSpool, reportSpool, type Spool, type SpoolReport } from '../../src/receiver/spool';
import { verifiedDelivery } from '../../src/receiver/verify/delivery';
import { createPrivatePort, type PrivatePort } from '../../src/http/private-port';
import { buildMt, runMt } from '../mt';
import { BODY, COMPANY } from '../receiver/running';
import { openNamespace, silentLog, temporalAddress } from '../temporal/fixture';

const TOKEN = 'a-token-of-enough-characters';
const log = createCappedLog(silentLog, Date.now);

let place: string;
let dir: string;
beforeAll(buildMt);
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mt-spool-'));
  dir = join(place, 'spool');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

async function mt(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const run = await runMt(['spool', ...args], { env, cwd: place });
  return { ...run, told: (): unknown => JSON.parse(run.stdout) };
}

/** As a receiver that no longer runs leaves it: two records that wait, and a dead letter. */
async function fill(): Promise<void> {
  const spool = await openSpool({ dir, maxBytes: 1_000_000, now: Date.now, log });
  for (const eventId of ['evt-a', 'evt-b', 'evt-c']) await spool.put(received(eventId));
  const [first] = spool.oldest(3, 1, () => false);
  if (first !== undefined) await spool.addDeadLetter(first, 'Temporal refuses its start: gRPC 3');
  await spool.close();
}

function received(eventId: string) {
  const rawBody = Buffer.from(BODY);
  const contents = parseBody(rawBody, { companyId: COMPANY }, Date.now());
  if (contents.kind !== 'event') throw new Error('the body is an event');
  const at = new Date().toISOString();
  const { event } = contents;
  const delivery = { eventId, event, signedAt: at, receivedAt: at, signatureDigest: eventId, bodyDigest: 'b' };
  return verifiedDelivery(delivery, contents, rawBody);
}

describe('mt spool --dir', () => {
  test('status shows what a receiver that is gone left', async () => {
    await fill();
    const { code, told } = await mt(['status', '--dir', dir, '--json']);
    expect(code).toBe(0);
    expect(told()).toMatchObject({
      spool: { records: 2, byLane: { 3: 2 }, deadLetterCount: 1, deadLetters: [{ workflowId: 'evt-a' }] },
    });
    expect((await mt(['status', '--dir', dir])).stdout).toMatch(
      /2 waiting \(2 in lane 3\).*\n[1-9]\.?\d* KiB\n1 dead letters\n.*evt-a/,
    );
  });

  test('drain hands all of it to Temporal, dead letters too, and leaves nothing', async () => {
    await fill();
    const { client, namespace, close } = await openNamespace();
    const env = {
      TEMPORAL_ADDRESS: temporalAddress(),
      TEMPORAL_NAMESPACE: namespace,
      MINDTICKLE_COMPANY_ID: COMPANY,
    };
    const { code, told } = await mt(['drain', '--dir', dir, '--json'], env);
    expect(code).toBe(0);
    expect(told()).toMatchObject({ restored: 1, drained: 3, spool: { records: 0, deadLetterCount: 0 } });
    for (const id of ['evt-a', 'evt-b', 'evt-c'])
      expect((await client.workflow.getHandle(id).describe()).type).toBe('courseCompletion');
    await close();
  });

  test('refuses the directory of a receiver that runs, and one that is not there', async () => {
    const spool = await openSpool({ dir, maxBytes: 1_000_000, now: Date.now, log });
    const owned = await mt(['status', '--dir', dir]);
    await spool.close();
    expect(owned).toMatchObject({ code: 1, stderr: expect.stringContaining('another process that runs') as unknown });
    const missing = await mt(['status', '--dir', join(place, 'nothing')]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no such directory') as unknown });
  });
});

describe('mt spool, of a receiver that runs', () => {
  let spool: Spool;
  let port: PrivatePort;
  let env: NodeJS.ProcessEnv;
  beforeEach(async () => {
    spool = await openSpool({ dir, maxBytes: 1_000_000, now: Date.now, log });
    const report = (): { json: { spool: SpoolReport } } => ({ json: { spool: reportSpool(spool, Date.now()) } });
    const drain = async () => ({ json: { restored: await spool.restoreDeadLetters(), ...report().json } });
    port = createPrivatePort({
      tokens: () => [{ name: 'ada', role: 'operator', token: TOKEN }],
      routes: {
        'GET /api/spool': { role: 'viewer', handle: report },
        'POST /api/spool/drain': { role: 'operator', handle: drain },
      },
      log,
    });
    port.server.listen(0, '127.0.0.1');
    await once(port.server, 'listening');
    env = { OPS_PORT: String((port.server.address() as AddressInfo).port), OPS_TOKENS: `ada:operator:${TOKEN}` };
  });
  afterEach(async () => {
    await port.close();
    await spool.close();
  });

  test('status and drain ask it', async () => {
    await spool.put(received('evt-a'));
    expect((await mt(['status', '--json'], env)).told()).toMatchObject({ spool: { records: 1, refusing: null } });
    const [entry] = spool.oldest(3, 1, () => false);
    if (entry !== undefined) await spool.addDeadLetter(entry, 'because');
    const drained = await mt(['drain'], env);
    expect(drained).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 dead letters restored/) as unknown });
  });

  test('a wrong token, nobody there and no token at all are said', async () => {
    const wrong = await mt(['status'], { ...env, OPS_TOKENS: 'eve:operator:another-token-of-that-length' });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('answered 401') as unknown });
    const nobody = await mt(['status', '--url', 'http://127.0.0.1:1'], env);
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('no answer from') as unknown });
    expect(await mt(['status'])).toMatchObject({ code: 2, stderr: expect.stringContaining('OPS_TOKENS') as unknown });
  });
});
