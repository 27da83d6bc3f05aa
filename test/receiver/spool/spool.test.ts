import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCappedLog, createLogger } from '../../../src/telemetry';
import { createEncryption } from '../../../src/encryption';
import type { Lane } from '../../../src/events';
import { openSpool, type Spool, type SpoolOptions, type StoredRecord } from '../../../src/receiver/spool/spool';
import { NOW, record } from './records';

const MIB = 1024 * 1024;

let dir: string;
let spools: Spool[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'));
});
afterEach(async () => {
  for (const each of spools.splice(0)) await each.close();
  await rm(dir, { recursive: true, force: true });
});

async function open(changes: Partial<SpoolOptions> = {}): Promise<Spool> {
  const log = createCappedLog(createLogger('test', 'silent'), () => NOW);
  const spool = await openSpool({ dir, maxBytes: 64 * MIB, now: () => NOW, log, ...changes });
  spools.push(spool);
  return spool;
}

/** The directory as a kill leaves it: nothing is closed or released. */
async function openAfterKill(changes: Partial<SpoolOptions> = {}): Promise<Spool> {
  await rm(join(dir, 'owner.lock'), { force: true });
  return open(changes);
}

async function close(spool: Spool): Promise<void> {
  spools = spools.filter((each) => each !== spool);
  await spool.close();
}

const nothing = (): boolean => false;
const idsIn = (spool: Spool, lane: Lane): string[] =>
  spool.oldest(lane, 1_000_000, nothing).map(({ workflowId }) => workflowId);
const first = (spool: Spool, lane: Lane = 3): StoredRecord => {
  const [entry] = spool.oldest(lane, 1, nothing);
  if (entry === undefined) throw new Error('the lane is empty');
  return entry;
};
const key = (id: string) => ({ id, secret: Buffer.alloc(32, id) });
const logsIn = (): string[] => readdirSync(dir).filter((file) => file.endsWith('.log'));

describe('a spool with keys', () => {
  const said = record('a', { body: 'user.deprovisioned of rita@example.com' });
  const aboutRita = { ...said, delivery: { ...said.delivery, bodyDigest: 'b'.repeat(64) } };
  const filesHave = (text: string): boolean => logsIn().some((file) => readFileSync(join(dir, file)).includes(text));

  test('stores nothing that a delivery says, and reads it again after its key was rotated', async () => {
    await close(await open().then(async (plain) => (await plain.put(record('plain')), plain)));
    const spool = await open({ encryption: createEncryption([key('old')]) });
    await spool.put(aboutRita);
    await close(spool);
    expect([filesHave('rita'), filesHave('course.completed')]).toEqual([false, true]);
    const rotated = await openAfterKill({ encryption: createEncryption([key('young'), key('old')]) });
    // What was stored before there were keys too.
    expect(rotated.oldest(3, 9, nothing)).toMatchObject([record('plain'), aboutRita]);
    expect((await rotated.put(aboutRita)).outcome).toBe('known');
  });

  test('sets aside what needs a key that is gone, by its name, until the key is there again', async () => {
    const before = await open({ encryption: createEncryption([key('old')]) });
    await before.put(aboutRita);
    await close(before);
    for (const encryption of [undefined, createEncryption([key('young')])]) {
      const spool = await open({ encryption });
      await spool.put(record('b'));
      await spool.restoreDeadLetters();
      expect(idsIn(spool, 3)).toEqual(['b']);
      await close(spool);
    }
    const again = await open({ encryption: createEncryption([key('young'), key('old')]) });
    expect(again.deadLetters(1)[0]?.reason).toMatch(/ENCRYPTION_KEYS/);
    await again.restoreDeadLetters();
    expect(new Set(idsIn(again, 3))).toEqual(new Set(['a', 'b']));
  });
});

describe('openSpool', () => {
  test('returns what was put, byte for byte, by lane and then by age', async () => {
    const spool = await open();
    const odd = Buffer.from([0, 255, 10, 77, 84, 83, 49, 0]);
    for (const each of [record('c', { body: odd }), record('a'), record('b', { lane: 1 })])
      expect(await spool.put(each)).toEqual({ outcome: 'stored' });
    expect(idsIn(spool, 3)).toEqual(['c', 'a']);
    expect(idsIn(spool, 1)).toEqual(['b']);
    expect(first(spool)).toMatchObject(record('c', { body: odd }));
    expect(spool.oldest(3, 5, (id) => id === 'c').map(({ workflowId }) => workflowId)).toEqual(['a']);
  });

  test('keeps it after a kill, and no file once all of it is removed', async () => {
    const spool = await open();
    await Promise.all(['a', 'b', 'c'].map((id) => spool.put(record(id))));
    const again = await openAfterKill();
    expect(idsIn(again, 3)).toEqual(['a', 'b', 'c']);
    expect(again.status()).toMatchObject({ records: 3, byLane: { 3: 3 }, oldestReceivedAt: NOW });
    for (const entry of again.oldest(3, 3, nothing)) again.remove(entry);
    expect(again.isEmpty()).toBe(true);
    await close(again);
    expect(logsIn()).toEqual([]);
  });

  test('keeps all of 500 records that were put at once after a kill', async () => {
    const spool = await open({ maxBytes: MIB });
    const ids = Array.from({ length: 500 }, (_, n) => `evt-${n}`);
    const puts = await Promise.all(ids.map((id) => spool.put(record(id))));
    expect(new Set(puts.map(({ outcome }) => outcome))).toEqual(new Set(['stored']));
    const again = await openAfterKill();
    expect(new Set(idsIn(again, 3))).toEqual(new Set(ids));
  });

  test('does not return a removed record after a kill, though later ones wait', async () => {
    const spool = await open();
    for (const id of ['a', 'b', 'c']) await spool.put(record(id));
    spool.remove(first(spool));
    spool.remove(first(spool));
    // The note of it is written by then.
    await spool.put(record('d'));
    expect(idsIn(await openAfterKill(), 3)).toEqual(['c', 'd']);
  });

  test('has one record an id, also while the first one is being written', async () => {
    const spool = await open();
    const puts = await Promise.all([spool.put(record('a', { body: '1' })), spool.put(record('a', { body: '2' }))]);
    expect(puts).toEqual([{ outcome: 'stored' }, { outcome: 'known', bodyDigest: 'digest of 1' }]);
    expect(await spool.put(record('a'))).toEqual({ outcome: 'known', bodyDigest: 'digest of 1' });
    spool.remove(first(spool));
    expect(await spool.put(record('a'))).toEqual({ outcome: 'stored' });
  });

  test('removing twice, or what was put anew meanwhile, removes nothing else', async () => {
    const spool = await open();
    await spool.put(record('a'));
    const entry = first(spool);
    spool.remove(entry);
    spool.remove(entry);
    await spool.put(record('a'));
    spool.remove(entry);
    expect(idsIn(spool, 3)).toEqual(['a']);
  });

  test('removes an id that a kill left in two lanes from both', async () => {
    const spool = await open();
    await spool.put(record('a', { lane: 1 }));
    const [file = ''] = logsIn();
    const before = readFileSync(join(dir, file));
    spool.remove(first(spool, 1));
    await spool.put(record('a', { lane: 5 }));
    writeFileSync(join(dir, file), before);
    const again = await openAfterKill();
    expect(again.status().records).toBe(2);
    again.remove(first(again, 1));
    expect(await again.put(record('a'))).toMatchObject({ outcome: 'known' });
    expect(await again.addDeadLetter(first(again, 5), 'because')).toBe(true);
    expect(again.isEmpty()).toBe(true);
  });

  test('frees the disk while it is drained, and its files stay within the limit', async () => {
    const spool = await open({ maxBytes: 2 * MIB });
    const body = Buffer.alloc(10_000);
    let count = 0;
    while ((await spool.put(record(`evt-${count}`, { body }))).outcome === 'stored') count += 1;
    expect(count).toBeGreaterThan(180);
    const onDisk = (): number => logsIn().reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
    expect(onDisk()).toBeLessThanOrEqual(2 * MIB);
    expect(spool.status()).toMatchObject({ refusing: 'full', records: count });
    expect(await spool.put(record('one-more', { body }))).toEqual({ outcome: 'refused', cause: 'full' });
    for (const entry of spool.oldest(3, count / 2, nothing)) spool.remove(entry);
    expect(onDisk()).toBeLessThan(1.2 * MIB);
    expect(spool.status().refusing).toBeUndefined();
    expect(await spool.put(record('one-more', { body }))).toEqual({ outcome: 'stored' });
  });
});

describe('openSpool, when a part is damaged', () => {
  /** Change a byte of the record with this body, on disk. */
  const damage = (body: string, offset = 0): void => {
    for (const file of logsIn()) {
      const bytes = readFileSync(join(dir, file));
      const at = bytes.lastIndexOf(body);
      if (at < 0) continue;
      bytes[at + offset] = (bytes[at + offset] ?? 0) ^ 0xff;
      writeFileSync(join(dir, file), bytes);
    }
  };
  const bodies = ['first body', 'second body', 'third body'];
  const fill = async (): Promise<Spool> => {
    const spool = await open();
    for (const body of bodies) await spool.put(record(body.slice(0, 5).trim(), { body }));
    return spool;
  };

  test('one found at the start is a dead letter and listed; the others are there', async () => {
    await fill();
    damage('second body');
    const spool = await openAfterKill();
    expect(idsIn(spool, 3)).toEqual(['first', 'third']);
    expect(spool.deadLetters(10)).toEqual([
      { workflowId: null, reason: 'Its checksum does not fit its content.', at: new Date(NOW).toISOString() },
    ]);
    const again = await openAfterKill();
    expect(again.status()).toMatchObject({ records: 2, deadLetters: 1 });
    expect(await again.restoreDeadLetters()).toBe(0);
  });

  test('one whose length is damaged does not affect those behind it', async () => {
    await fill();
    const [file = ''] = logsIn();
    const bytes = readFileSync(join(dir, file));
    bytes.fill(0x41, 4, 12);
    writeFileSync(join(dir, file), bytes);
    const spool = await openAfterKill();
    expect(idsIn(spool, 3)).toEqual(['secon', 'third']);
    expect(spool.status().deadLetters).toBe(1);
  });

  test('one found while it runs becomes a dead letter, and the next one is read', async () => {
    const spool = await fill();
    damage('first body');
    expect(first(spool).workflowId).toBe('secon');
    while (spool.status().deadLetters === 0) await new Promise(setImmediate);
    expect(spool.deadLetters(10)).toMatchObject([{ workflowId: 'first' }]);
    expect(spool.status().records).toBe(2);
  });

  test('a record cut off by a kill was never acknowledged, and is left out silently', async () => {
    await fill();
    const [file = ''] = logsIn();
    const bytes = readFileSync(join(dir, file));
    writeFileSync(join(dir, file), bytes.subarray(0, bytes.length - 3));
    const spool = await openAfterKill();
    expect(idsIn(spool, 3)).toEqual(['first', 'secon']);
    expect(spool.status().deadLetters).toBe(0);
  });

  test('one in the format of a later version is named as such', async () => {
    await fill();
    const [file = ''] = logsIn();
    const bytes = readFileSync(join(dir, file));
    bytes.write('9', 3);
    writeFileSync(join(dir, file), bytes);
    const spool = await openAfterKill();
    expect(spool.deadLetters(1)).toMatchObject([{ reason: 'It is in a format that this version does not know.' }]);
    expect(idsIn(spool, 3)).toEqual(['secon', 'third']);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(5000)],
    ['noise', Buffer.alloc(5000, 'MTS1x')],
  ])('a file of %s does not stop the start', async (_what, bytes) => {
    await close(await fill());
    writeFileSync(join(dir, 'lane-3-000000000099.log'), bytes);
    const spool = await open();
    expect(idsIn(spool, 3)).toEqual(['first', 'secon', 'third']);
    expect(await spool.put(record('new'))).toEqual({ outcome: 'stored' });
  });
});

describe('addDeadLetter', () => {
  test('removes a record from its lane, keeps it after a restart, and restores it', async () => {
    const spool = await open();
    await spool.put(record('a', { lane: 1 }));
    await spool.put(record('b', { lane: 1 }));
    expect(await spool.addDeadLetter(first(spool, 1), 'because')).toBe(true);
    expect(idsIn(spool, 1)).toEqual(['b']);
    await close(spool);
    const again = await open();
    expect(again.deadLetters(10)).toEqual([{ workflowId: 'a', reason: 'because', at: new Date(NOW).toISOString() }]);
    expect(await again.restoreDeadLetters()).toBe(1);
    expect(idsIn(again, 1)).toEqual(['b', 'a']);
    expect(first(again, 1)).toMatchObject(record('b', { lane: 1 }));
    expect((await openAfterKill()).status()).toMatchObject({ records: 2, deadLetters: 0 });
  });
});
