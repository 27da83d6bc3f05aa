import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { effectsOf, readPerson } from '../../src/ledger';
import { checkFolder, createFileStore } from './files';
import { checkBucket, createS3Store } from './s3';
import { renderCertificate, type CertificateFacts } from '../certificate';
import type { StepContext, Write } from '../write-once';
import { askLedger } from '../ledger/call';

export interface Stored {
  /** Where it lies, under the archive's root. */
  readonly key: string;
  readonly sha256: string;
}

/**
 * Write the bytes under the key, whole or not at all, and never over others. `same`: they were there already.
 * @throws `archive.unavailable` (retries); `archive.rejected` where other bytes have the key.
 */
export type Store = (key: string, bytes: Buffer) => Promise<'stored' | 'same'>;

export interface ArchiveActivities {
  /** One certificate a learner and course: stored once, whatever comes after. */
  storeCertificate(context: StepContext, facts: CertificateFacts): Promise<Stored | 'observed'>;
  /** What the ledger holds of a person and what each connector found before it changed it, with a manifest. */
  archivePerson(context: StepContext, userId: string): Promise<Stored | 'observed'>;
}

export interface ArchiveDeps {
  /** `file:///…`, or `s3://bucket/prefix`. */
  readonly url: string;
  /** Of S3: the bucket stands in the path, not in the host name. */
  readonly pathStyle?: boolean;
  /** Of S3: how long one call may take, in ms. */
  readonly timeoutMs?: number;
  readonly pool: Pool;
  readonly write: Write;
}

/**
 * The archive: what is kept of a person. Where it is kept is the store's.
 * @throws `archive.unavailable` and `ledger.unavailable` (retry), `archive.rejected`.
 */
export function createArchiveActivities({ url, pool, write, ...s3 }: ArchiveDeps): ArchiveActivities {
  const put = url.startsWith('s3:') ? createS3Store(url, s3) : createFileStore(url);

  /** Store under the key's parts, each made safe as a file name. */
  async function store(context: StepContext, parts: readonly string[], bytes: Buffer): Promise<Stored | 'observed'> {
    const key = parts.map(fileName).join('/');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return write({ context, naturalKey: key, would: { key, bytes: bytes.length, sha256 } }, async () => {
      await put(key, bytes);
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

/** That the store can be written, as far as that shows without writing. @throws as the activities. */
export async function checkArchive({ url, pathStyle = false }: Pick<ArchiveDeps, 'url' | 'pathStyle'>): Promise<void> {
  await (url.startsWith('s3:') ? checkBucket(url, { pathStyle }) : checkFolder(url));
}

/** `..` and `/` from an id of the sender's must not lead out of the archive. */
function fileName(part: string): string {
  // By way of bytes: half a surrogate pair, which JSON can carry, is no text that could be encoded.
  const encoded = encodeURIComponent(Buffer.from(part).toString()).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
  return encoded.length <= 200
    ? encoded
    : `${encoded.slice(0, 120)}~${createHash('sha256').update(part).digest('hex')}`;
}
