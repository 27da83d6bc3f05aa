import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCappedLog, createLogger } from '../../../src/telemetry';
import { openSpool, type Spool } from '../../../src/receiver/spool';
import type { PendingDelivery } from '../../../src/receiver/verify/delivery';
import { NOW, record } from './records';

const smallRecord = (id: string): PendingDelivery => record(id, { body: Buffer.alloc(2500, 65) });

let disk: string | undefined;

/** A disk of 4 MiB; undefined where this process may not mount one (it needs root). */
function mountDisk(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', place]).status === 0) return place;
  rmSync(place, { recursive: true });
  return undefined;
}

function unmount(place: string): void {
  spawnSync('umount', [place]);
  rmSync(place, { recursive: true, force: true });
}

const probe = mountDisk();
if (probe !== undefined) unmount(probe);
const withDisk = probe === undefined ? describe.skip : describe;

async function openOn(place: string): Promise<Spool> {
  const log = createCappedLog(createLogger('test', 'silent'), () => NOW);
  return openSpool({ dir: join(place, 'spool'), maxBytes: 1024 * 1024 * 1024, now: () => NOW, log });
}

async function putUntilRefused(spool: Spool, name: string): Promise<number> {
  for (let count = 0; ; count += 1) {
    const put = await spool.put(smallRecord(`${name}-${count}`));
    if (put.outcome !== 'stored') {
      expect(put).toEqual({ outcome: 'refused', cause: 'disk' });
      return count;
    }
  }
}

const drainAll = (spool: Spool): number => {
  const entries = spool.oldest(3, 1_000_000, () => false);
  for (const entry of entries) spool.remove(entry);
  return entries.length;
};

withDisk('a spool on a disk of 4 MiB (needs root, to mount one)', () => {
  beforeEach(() => {
    disk = mountDisk();
  });
  afterEach(() => {
    if (disk !== undefined) unmount(disk);
  });

  test('refuses when the disk is full, loses nothing, and stores again once it is drained', async () => {
    const place = disk ?? '';
    let spool = await openOn(place);
    const count = await putUntilRefused(spool, 'a');
    expect(count).toBeGreaterThan(1000);
    const { bavail, bsize } = statfsSync(place);
    expect(bavail * bsize).toBeGreaterThan(0);
    await spool.close();
    spool = await openOn(place);
    expect(drainAll(spool)).toBe(count);
    expect(await putUntilRefused(spool, 'b')).toBeGreaterThan(count * 0.95);
    await spool.close();
  });

  test('survives a disk that others fill to the last byte, drains on it, and stores again', async () => {
    const place = disk ?? '';
    let spool = await openOn(place);
    const half = 700;
    for (let n = 0; n < half; n += 1) await spool.put(smallRecord(`a-${n}`));
    expect(() => writeFileSync(join(place, 'other'), Buffer.alloc(8 * 1024 * 1024))).toThrow('ENOSPC');
    const refused = await Promise.all(Array.from({ length: 200 }, (_, n) => spool.put(smallRecord(`b-${n}`))));
    expect(new Set(refused.map(({ outcome }) => outcome))).toEqual(new Set(['refused']));
    expect(spool.status()).toMatchObject({ records: half, refusing: 'disk' });
    for (const entry of spool.oldest(3, 100, () => false)) spool.remove(entry);
    await spool.close();
    spool = await openOn(place);
    expect(spool.status().records).toBeGreaterThanOrEqual(half - 100);
    drainAll(spool);
    rmSync(join(place, 'other'));
    expect(spool.status().refusing).toBeUndefined();
    expect(await spool.put(smallRecord('c'))).toEqual({ outcome: 'stored' });
    await spool.close();
  });
});
