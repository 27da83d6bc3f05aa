import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { says, startChild } from '../../../src/dev/child';
import { signDelivery } from '../../../src/dev/mindtickle';
import { LANES } from '../../../src/events';
import { openSpool, type Spool } from '../../../src/receiver/spool';
import { createCappedLog, createLogger } from '../../../src/telemetry';
import { buildMt } from '../../mt';
import { BODY, COMPANY, SECRET } from '../running';
import { converse, type Conversation } from '../raw-http';

const log = createCappedLog(createLogger('test', 'silent'), Date.now);
const IDS = Array.from({ length: 8 }, (_, index) => `half-${index}`);

let place: string;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
const spools: Spool[] = [];
beforeAll(buildMt);
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'frozen-'));
  receiver = await startReceiver();
});
afterEach(async () => {
  await kill();
  for (const spool of spools.splice(0)) await spool.close();
  rmSync(place, { recursive: true });
});

/** `mt receiver` whose Temporal is away, so that every answer comes from its spool. */
function startReceiver() {
  return startChild({
    args: ['receiver'],
    env: {
      PATH: process.env['PATH'],
      MINDTICKLE_WEBHOOK_SECRET: SECRET,
      MINDTICKLE_COMPANY_ID: COMPANY,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATA_DIR: place,
      PORT: '0',
    },
    graceMs: 10_000,
    readyWhen: says(z.object({ ready: z.literal(true), port: z.number() })),
  });
}

async function kill(): Promise<void> {
  try {
    process.kill(receiver.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
  await receiver.exited;
}

/** As a second receiver does when it starts. */
async function openSecond(): Promise<Spool> {
  const spool = await openSpool({ dir: join(place, 'spool'), maxBytes: 1_000_000, now: Date.now, log, patienceMs: 0 });
  spools.push(spool);
  return spool;
}

interface Half {
  readonly conversation: Conversation;
  readonly sendRest: () => void;
}

/** Deliveries of which the receiver has the headers and half of the body. */
async function sendHalves(): Promise<readonly Half[]> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signDelivery({ body: BODY, secret: SECRET, timestamp });
  const halves = IDS.map((id) => {
    const conversation = converse(receiver.ready.port);
    const lines = [
      'POST /webhooks/mindtickle HTTP/1.1',
      'host: 127.0.0.1',
      'expect: 100-continue',
      `content-length: ${Buffer.byteLength(BODY)}`,
      `x-mt-webhook-signature: ${signature}`,
      `x-mt-webhook-timestamp: ${timestamp}`,
      `x-mt-event-id: ${id}`,
    ];
    conversation.write(`${lines.join('\r\n')}\r\n\r\n`);
    return conversation;
  });
  // It has said that it reads the bodies.
  for (const conversation of halves) expect((await conversation.next()).status).toBe(100);
  for (const conversation of halves) conversation.write(BODY.slice(0, 20));
  return halves.map((conversation) => ({ conversation, sendRest: () => conversation.write(BODY.slice(20)) }));
}

async function statusesOf(halves: readonly Half[]): Promise<readonly number[]> {
  return Promise.all(halves.map(async ({ conversation }) => (await conversation.next()).status));
}

function idsIn(spool: Spool): readonly string[] {
  return LANES.flatMap((lane) => spool.oldest(lane, 100, () => false).map(({ workflowId }) => workflowId)).sort();
}

describe('a receiver that is frozen while bodies are half received', () => {
  test('keeps its directory, and all that it acknowledges afterwards is there for the next one', async () => {
    const halves = await sendHalves();
    process.kill(receiver.pid, 'SIGSTOP');
    for (const { sendRest } of halves) sendRest();
    await expect(openSecond()).rejects.toThrow('a frozen one too');
    process.kill(receiver.pid, 'SIGCONT');
    expect(await statusesOf(halves)).toEqual(IDS.map(() => 200));
    await kill();
    expect(idsIn(await openSecond())).toEqual(IDS);
  });

  test('acknowledges none of them when its directory was replaced meanwhile', async () => {
    const halves = await sendHalves();
    process.kill(receiver.pid, 'SIGSTOP');
    for (const { sendRest } of halves) sendRest();
    renameSync(join(place, 'spool'), join(place, 'old'));
    const second = await openSecond();
    process.kill(receiver.pid, 'SIGCONT');
    const answers = await Promise.all(
      halves.map(({ conversation }) =>
        conversation.next().then(
          ({ status }) => status,
          () => 'no answer',
        ),
      ),
    );
    for (const answer of answers) expect([503, 'no answer']).toContain(answer);
    expect(idsIn(second)).toEqual([]);
  });
});
