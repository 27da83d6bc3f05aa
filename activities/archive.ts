import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { effectsOf } from '../src/ledger/effects';
import { readPerson } from '../src/ledger/queries';
import { renderCertificate, type CertificateFacts } from './certificate';
import type { StepContext, Write } from './effects';
import { rejected, unavailable } from './failure';
import { askLedger } from './ledger-calls';

export interface Stored {
  /** Where it lies, under the archive's root. */
  readonly key: string;
  readonly sha256: string;
}

export interface ArchiveActivities {
  /** One certificate a learner and course: stored once, whatever comes after. */
  storeCertificate(context: StepContext, facts: CertificateFacts): Promise<Stored | 'observed'>;
  /** What the ledger holds of a person and what each connector found before it changed it, with a manifest. */
  archivePerson(context: StepContext, userId: string): Promise<Stored | 'observed'>;
}

export interface ArchiveDeps {
  /** `file:///…` */
  readonly url: string;
  readonly pool: Pool;
  readonly write: Write;
}

/**
 * The archive, on a file system. A file is written whole or not at all, and never written over.
 * @throws `archive.unavailable` and `ledger.unavailable` (retry), `archive.rejected`.
 */
export function createArchiveActivities({ url, pool, write }: ArchiveDeps): ArchiveActivities {
  const root = fileURLToPath(url);

  /** Store under the key's parts, each made safe as a file name. */
  async function store(context: StepContext, parts: readonly string[], bytes: Buffer): Promise<Stored | 'observed'> {
    const key = parts.map(fileName).join('/');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return write({ context, naturalKey: key, would: { key, bytes: bytes.length, sha256 } }, async () => {
      await writeOnce(join(root, key), bytes);
      return { key, sha256 };
    });
  }

  async function storeCertificate(context: StepContext, facts: CertificateFacts): Promise<Stored | 'observed'> {
    return store(context, ['certificates', facts.userId, `${facts.courseId}.pdf`], await renderCertificate(facts));
  }

  async function archivePerson(context: StepContext, userId: string): Promise<Stored | 'observed'> {
    const eventId = Context.current().info.workflowExecution?.workflowId ?? 'none';
    const ledger = await askLedger(() => readPerson(pool, userId));
    const effects = await askLedger(() => effectsOf(pool, eventId));
    const before = effects
      .filter((effect) => effect.system !== 'archive' && effect.before !== null)
      .map(({ step, system, naturalKey, before: found }) => ({ step, system, naturalKey, before: found }));
    const bytes = Buffer.from(`${JSON.stringify({ userId, eventId, ledger, before }, null, 2)}\n`);
    const content = await store(
      context,
      ['people', userId, `${createHash('sha256').update(bytes).digest('hex')}.json`],
      bytes,
    );
    if (content === 'observed') return content;
    const manifest = Buffer.from(
      `${JSON.stringify({ userId, eventId, files: [{ ...content, bytes: bytes.length }] }, null, 2)}\n`,
    );
    return store(context, ['people', userId, `${eventId}.${content.sha256.slice(0, 16)}.manifest.json`], manifest);
  }

  return { storeCertificate, archivePerson };
}

/** That its folder, or what is to become its parent, can be written. Writes nothing. @throws `archive.unavailable`. */
export async function checkArchive({ url }: Pick<ArchiveDeps, 'url'>): Promise<void> {
  for (let path = fileURLToPath(url); ; path = dirname(path)) {
    try {
      await access(path, constants.W_OK);
      if ((await stat(path)).isDirectory()) return;
      throw unavailable('archive', 'is no folder');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw 'code' in (error as object) ? unwritable(error) : error;
    }
  }
}

function unwritable(error: unknown): Error {
  return unavailable('archive', 'could not write', { code: codeOf(error) });
}

/** `..` and `/` from an id of the sender's must not lead out of the archive. */
function fileName(part: string): string {
  // By way of bytes: half a surrogate pair, which JSON can carry, is no text that could be encoded.
  const encoded = encodeURIComponent(Buffer.from(part).toString()).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
  return encoded.length <= 200
    ? encoded
    : `${encoded.slice(0, 120)}~${createHash('sha256').update(part).digest('hex')}`;
}

/** A temporary file beside it, synced, then linked: a kill leaves the whole file or none. There already: it must be equal. */
async function writeOnce(path: string, bytes: Buffer): Promise<void> {
  const directory = dirname(path);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(directory, { recursive: true });
    await writeSynced(temporary, bytes);
    await link(temporary, path).catch(async (error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (!bytes.equals(await readFile(path))) throw rejected('archive', 'holds other bytes under this key');
    });
    await syncDirectory(directory);
  } catch (error) {
    if (!('code' in (error as object))) throw error;
    throw unwritable(error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown';
}
