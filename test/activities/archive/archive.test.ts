import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool } from 'pg';
import type { ConnectorActivities } from '../../../activities';
import type { Stored } from '../../../activities/archive';
import { facesFor } from '../../../src/pdf/fonts';
import { renderCertificate, type CertificateFacts } from '../../../activities/certificate';
import { beginEffect, finishEffect, recordEvent } from '../../../src/ledger';
import { completed, provisioned, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import {
  at,
  connectTo,
  emptyLedger,
  failOnce,
  leaves,
  rowsOf,
  runOnce,
  workflow,
  written,
  type Functions,
} from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let directory: string;
let root: string;
let archive: Functions<ConnectorActivities['archive']>;

beforeAll(async () => {
  ledger = await openLedger();
  pool = ledger.pool;
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await emptyLedger(pool);
  directory = await mkdtemp(join(tmpdir(), 'archive-'));
  root = join(directory, 'archive');
  archive = connectTo(pool, 'archive', at.archive(pathToFileURL(root).href));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const facts: CertificateFacts = {
  userId: 'u1',
  courseId: 'c1',
  courseName: 'Discovery',
  score: 91,
  completedAt: '2026-11-01T10:00:00Z',
};
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Every file under the test's directory, outside of the archive too. */
async function files(): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

describe('storeCertificate', () => {
  test('stores one PDF a learner and course, and says where and what', async () => {
    const own = workflow();
    const stored = await own.run(archive.storeCertificate, own.step('storeCertificate'), facts);
    const bytes = await readFile(join(root, 'certificates/u1/c1.pdf'));
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(stored).toEqual({ key: 'certificates/u1/c1.pdf', sha256: sha256(bytes) });
    await expect(files()).resolves.toEqual(['archive/certificates/u1/c1.pdf']);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([
      { status: 'done', naturalKey: 'certificates/u1/c1.pdf', would: { bytes: bytes.length, sha256: sha256(bytes) } },
    ]);
  });

  test('the same again is fine: in the same workflow, and in another', async () => {
    const own = workflow();
    const other = workflow();
    const first = await own.run(archive.storeCertificate, own.step('storeCertificate'), facts);
    await expect(own.run(archive.storeCertificate, own.step('storeCertificate'), facts)).resolves.toEqual(first);
    await expect(other.run(archive.storeCertificate, other.step('storeCertificate'), facts)).resolves.toEqual(first);
    await expect(files()).resolves.toHaveLength(1);
  });

  test('a file that was removed since is stored again by the same step', async () => {
    const own = workflow();
    const first = await own.run(archive.storeCertificate, own.step('storeCertificate'), facts);
    await rm(join(root, 'certificates/u1/c1.pdf'));
    await expect(own.run(archive.storeCertificate, own.step('storeCertificate'), facts)).resolves.toEqual(first);
    await expect(files()).resolves.toEqual(['archive/certificates/u1/c1.pdf']);
    await writeFile(join(root, 'certificates/u1/c1.pdf'), 'other bytes');
    const refusal = await own.failure(archive.storeCertificate, own.step('storeCertificate'), facts);
    expect(refusal).toMatchObject({ type: 'archive.rejected' });
  });

  test('other bytes under the same key are rejected, and what is there stays', async () => {
    const own = workflow();
    const other = workflow();
    await own.run(archive.storeCertificate, own.step('storeCertificate'), facts);
    const before = await readFile(join(root, 'certificates/u1/c1.pdf'));
    const better = { ...facts, score: 99 };
    const refusal = await other.failure(archive.storeCertificate, other.step('storeCertificate'), better);
    expect(refusal).toMatchObject({
      type: 'archive.rejected',
      message:
        'archive: write a file: holds other bytes under this key: they are never written over; move them, then retryStep',
      nonRetryable: true,
    });
    await expect(readFile(join(root, 'certificates/u1/c1.pdf'))).resolves.toEqual(before);
    await expect(files()).resolves.toHaveLength(1);
  });

  test('files of a person who is erased are removed, once and again, and nothing outside of the archive', async () => {
    const own = workflow();
    await own.run(archive.storeCertificate, own.step('storeCertificate'), facts);
    const keys = ['certificates/u1/c1.pdf'];
    await own.run(archive.removeFiles, keys);
    await own.run(archive.removeFiles, keys);
    expect(await files()).toEqual([]);
    expect(await own.failure(archive.removeFiles, ['../outside.json'])).toMatchObject({ type: 'archive.rejected' });
  });

  test('many at once are one', async () => {
    const all = Array.from({ length: 8 }, () => workflow());
    const stored = await Promise.all(all.map(({ run, step }) => run(archive.storeCertificate, step('store'), facts)));
    expect(new Set(stored.map((one) => (one as Stored).sha256)).size).toBe(1);
    await expect(files()).resolves.toEqual(['archive/certificates/u1/c1.pdf']);
  });
});

describe('storeCertificate and ids of any kind', () => {
  test.each([
    '../x',
    '../../../../x',
    '..',
    '.',
    '...',
    '.hidden',
    'a/b',
    '/etc/passwd',
    'a\\b',
    'C:\\x',
    'x\u0000y',
    '%2e%2e%2f',
    'a b',
    'ü',
    '~',
    '\ud800',
    'x'.repeat(256),
    '日'.repeat(256),
  ])('%j stays in its folder', async (id) => {
    const stored = await runOnce(archive.storeCertificate, { ...facts, userId: id, courseId: id });
    const [, user, course, ...further] = (stored as Stored).key.split('/');
    expect(further).toEqual([]);
    expect(user).not.toMatch(/^\.|[\\/]/);
    expect(course).not.toMatch(/^\.|[\\/]/);
    await expect(files()).resolves.toEqual([`archive/certificates/${user ?? ''}/${course ?? ''}`]);
  });

  test('different ids have different keys', async () => {
    const { run, step } = workflow();
    const ids = ['a/b', 'a%2Fb', 'a', '.a', '%2Ea', `${'x'.repeat(255)}1`, `${'x'.repeat(255)}2`];
    for (const [index, id] of ids.entries())
      await run(archive.storeCertificate, step(`${index}`), { ...facts, courseId: id });
    await expect(files()).resolves.toHaveLength(ids.length);
  });
});

describe('an archive that cannot be written', () => {
  test('a file where its folder should be is unavailable', async () => {
    await writeFile(root, 'in the way');
    const own = workflow();
    const refusal = await own.failure(archive.storeCertificate, own.step('store'), facts);
    expect(refusal).toMatchObject({
      type: 'archive.unavailable',
      message: 'archive: write a file: failed: ARCHIVE_URL leads to a file, not to a folder',
    });
    expect(written(refusal)).not.toContain(directory);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'pending' }]);
  });

  // Root writes where nobody else may.
  const asOrdinaryUser = process.getuid?.() === 0 ? test.skip : test;
  asOrdinaryUser('a folder without the right to write is unavailable', async () => {
    await mkdir(root);
    await chmod(root, 0o500);
    await expect(failOnce(archive.storeCertificate, facts)).resolves.toMatchObject({
      type: 'archive.unavailable',
      details: [{ code: 'EACCES' }],
    });
  });

  test('once it can be, the retry succeeds', async () => {
    await writeFile(root, 'in the way');
    const { run, failure, step } = workflow();
    await failure(archive.storeCertificate, step('store'), facts);
    await rm(root);
    await expect(run(archive.storeCertificate, step('store'), facts)).resolves.toMatchObject({
      key: 'certificates/u1/c1.pdf',
    });
  });
});

describe('archivePerson', () => {
  const userId = 'mt-omar';

  /** The ledger knows a hire, a completion and a departure, and what a step found before it changed it. */
  async function known(workflowId: string): Promise<void> {
    await recordEvent(pool, request('hired', provisioned(userId)));
    await recordEvent(pool, request('completed', completed(userId)));
    await leaves(pool, userId);
    const key = { workflowId, step: 'freeze', system: 'identity', naturalKey: 'active' };
    const effect = { ...key, eventId: workflowId, userId, mode: 'on' as const, would: { active: false } };
    await beginEffect(pool, { ...effect, before: { active: true } });
    await finishEffect(pool, key, { status: 'done', result: { status: 200 } });
  }

  async function read(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(join(root, path), 'utf8')) as Record<string, unknown>;
  }

  test('stores what is known of the person under its checksum, with a manifest', async () => {
    const { run, step, workflowId } = workflow();
    await known(workflowId);
    const stored = (await run(archive.archivePerson, step('archive'), userId)) as Stored;
    const [content, manifest] = (await files()).map((path) => path.slice('archive/'.length));
    expect(await files()).toHaveLength(2);
    expect(stored.key).toBe(manifest);
    expect(stored.sha256).toBe(sha256(await readFile(join(root, stored.key))));
    const { files: listed, ...about } = await read(stored.key);
    expect(about).toEqual({ userId, eventId: workflowId });
    const bytes = await readFile(join(root, content ?? ''));
    expect(listed).toEqual([{ key: content, sha256: sha256(bytes), bytes: bytes.length }]);
    expect(content).toBe(`people/${userId}/${sha256(bytes)}.json`);
    expect(await read(content ?? '')).toMatchObject({
      userId,
      eventId: workflowId,
      before: [{ step: 'freeze', system: 'identity', naturalKey: 'active', before: { active: true } }],
      ledger: {
        learner: [{ email: 'new@example.com' }],
        completions: [{ event_id: 'completed', score: 80 }],
        departures: [{ reason: 'left' }],
      },
    });
  });

  test('twice is once', async () => {
    const { run, step, workflowId } = workflow();
    await known(workflowId);
    const first = await run(archive.archivePerson, step('archive'), userId);
    await expect(run(archive.archivePerson, step('archive'), userId)).resolves.toEqual(first);
    await expect(files()).resolves.toHaveLength(2);
  });

  test('tried again after what is known has changed, it stores both, and the newer manifest names the newer', async () => {
    const { run, step, workflowId } = workflow();
    await known(workflowId);
    await run(archive.archivePerson, step('archive'), userId);
    await recordEvent(pool, request('another', completed(userId, { course: 'Another' })));
    const stored = (await run(archive.archivePerson, step('archive'), userId)) as Stored;
    await expect(files()).resolves.toHaveLength(4);
    const [listed] = (await read(stored.key))['files'] as { key: string }[];
    expect((await read(listed?.key ?? ''))['ledger']).toMatchObject({ completions: [{}, {}] });
  });

  test('a person whom the ledger does not know is archived as such', async () => {
    await runOnce(archive.archivePerson, 'u-unknown');
    await expect(files()).resolves.toHaveLength(2);
  });

  test('observed, it writes no file and leaves a row', async () => {
    const own = workflow();
    await expect(own.run(archive.archivePerson, own.step('archive', { mode: 'observe' }), userId)).resolves.toBe(
      'observed',
    );
    await expect(files()).resolves.toEqual([]);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status: 'observed' }]);
  });

  test.each(['../x', 'a/b', '.'])('%j stays in its folder', async (id) => {
    await runOnce(archive.archivePerson, id);
    for (const path of await files()) expect(path).toMatch(/^archive\/people\/[^/.][^/]*\/[^/]+\.json$/);
  });
});

describe('renderCertificate', () => {
  afterEach(() => jest.useRealTimers());

  async function renderedAt(now: string, given: CertificateFacts): Promise<Buffer> {
    jest.useFakeTimers({
      now: Date.parse(now),
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
    });
    try {
      return await renderCertificate(given);
    } finally {
      jest.useRealTimers();
    }
  }

  test('gives the same bytes whenever it is made', async () => {
    const first = await renderedAt('2026-11-02T00:00:00Z', facts);
    const later = await renderedAt('2031-03-30T23:59:59Z', facts);
    expect(later.equals(first)).toBe(true);
    expect(first.length).toBeGreaterThan(1000);
  });

  test.each<[string, Partial<CertificateFacts>]>([
    ['the learner', { userId: 'u2' }],
    ['the course', { courseName: 'Pricing' }],
    ['the score', { score: 92 }],
    ['the day', { completedAt: '2026-11-02T10:00:00Z' }],
  ])('another certificate when it is about another: %s', async (_what, other) => {
    const bytes = await renderCertificate({ ...facts, ...other });
    expect(bytes.equals(await renderCertificate(facts))).toBe(false);
  });

  test('gives the same bytes in any process, on any machine', async () => {
    const courseName = 'Łódź — Größenwahn, naïve façade, Tiếng Việt';
    const given = { userId: 'u-1', courseId: 'c', courseName, score: 91, completedAt: '2026-11-01T10:00:00Z' };
    // Changes with the fonts and with pdfkit: then a certificate whose storing is under way is refused as another one.
    expect(sha256(await renderCertificate(given))).toBe(
      'e54ccd94ba8efcf16b9c95fceaa047ff99f4ce4ca0731fa35ebaeec45c7579d4',
    );
  });

  test('gives the same bytes whatever was made before', async () => {
    const first = await renderCertificate({ ...facts, courseName: 'बिक्री 営業 مبيعات' });
    await renderCertificate({ ...facts, courseName: 'தமிழ் 영업 业 ✓' });
    expect((await renderCertificate({ ...facts, courseName: 'बिक्री 営業 مبيعات' })).equals(first)).toBe(true);
  });

  test.each([
    ['Ελληνικά, Основы', ['noto-sans']],
    ['أساسيات (2024) للجميع', ['noto-sans-arabic']],
    ['יסודות המכירה', ['noto-sans-hebrew']],
    ['बिक्री क्षत्रिय', ['noto-sans']],
    ['พื้นฐานการขาย', ['noto-sans-thai']],
    ['销售与進階', ['chocolate-classical-sans']],
    ['営業の込み', ['kosugi']],
    ['영업 기초', ['gowun-dodum']],
    ['தமிழ் ✓ 😀', ['unifontex']],
    ['e\u0301 n\u0303', ['noto-sans']],
  ])('%s has a shape for each of its letters', (title, families) => {
    const faces = facesFor(title, new Map());
    const used = title
      .split(' ')
      .flatMap((word) => (word.match(/\P{M}\p{M}*/gu) ?? []).map((one) => faces.of(one).name));
    for (const family of families) expect(used.join()).toContain(`@fontsource/${family}/`);
    expect(used.some((name) => name.includes('unifontex'))).toBe(families.includes('unifontex'));
  });

  test.each(['x'.repeat(1024), '交渉術'.repeat(341), 'a b '.repeat(256), 'สวัสดี'.repeat(170)])(
    'a long title stays on the one page, its fonts in the file: %#',
    async (courseName) => {
      const text = (await renderCertificate({ ...facts, courseName })).toString('latin1');
      expect(text.match(/\/Type \/Page\n/g)).toHaveLength(1);
      expect(text).toContain('/FontFile2');
      expect(text).not.toContain('Helvetica');
    },
  );

  test.each([
    '日本語コース',
    'Ünïcödé ✓ 😀',
    'a\r\nb\u0000c',
    '\ud800',
    ') Tj ET (',
    '\u202edesrever',
    '\u0301\u200d',
    'مبيعات\udc00 (1)',
    '\ufeff\u00ad',
    'x'.repeat(1024),
    ' ',
  ])('any title makes a PDF: %j', async (courseName) => {
    const bytes = await renderCertificate({ ...facts, courseName });
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(bytes.subarray(-6).toString()).toContain('%%EOF');
  });
});
