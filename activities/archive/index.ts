import { createHash } from 'node:crypto';
import { effectsOf, readPerson } from '../../src/ledger';
import type { SystemSettings } from '../../src/settings';
import { renderCertificate, type CertificateFacts } from '../certificate';
import type { Connector, ConnectorDeps } from '../connector';
import { askLedger, rejected } from '../failure';
import { observeCall } from '../observe-call';
import { createWrite, ownWorkflowId, type StepContext } from '../write-once';
import { createFileStore } from './files';
import { createS3Store } from './s3';

export interface Stored {
  /** Its path under the archive's root. */
  readonly key: string;
  readonly sha256: string;
}

export interface ArchiveActivities {
  /** One certificate a learner and course: stored once, whatever comes after. */
  storeCertificate(context: StepContext, facts: CertificateFacts): Promise<Stored | 'observed'>;
  /** What the ledger holds of a person and what each connector found before it changed it, with a manifest. */
  archivePerson(context: StepContext, userId: string): Promise<Stored | 'observed'>;
  /** Of a person who is erased: each is gone afterwards. Their rows in the ledger are erased by whoever asks for it. */
  removeFiles(keys: readonly string[]): Promise<void>;
}

/**
 * The archive: what is kept of a person, in a folder or in S3.
 * @throws `archive.unavailable` and `ledger.unavailable` (retry), `archive.rejected`.
 */
export function connect(
  { url, ...settings }: SystemSettings['archive'],
  { pool, timeoutMs }: ConnectorDeps,
): Connector<ArchiveActivities> {
  const write = createWrite('archive', pool);
  const { put, holds, remove, check } = url.startsWith('s3:')
    ? createS3Store(url, { ...settings, timeoutMs })
    : createFileStore(url);

  /** Store under the key's parts, each made safe as a file name. */
  async function store(context: StepContext, parts: readonly string[], bytes: Buffer): Promise<Stored | 'observed'> {
    const key = parts.map(fileName).join('/');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const would = { key, bytes: bytes.length, sha256 };
    return write(
      { context, naturalKey: key, would, isStillSo: () => observeCall('archive', 'READ', () => holds(key, bytes)) },
      async () => {
        await observeCall('archive', 'WRITE', () => put(key, bytes));
        return { key, sha256 };
      },
    );
  }

  async function storeCertificate(context: StepContext, facts: CertificateFacts): Promise<Stored | 'observed'> {
    return store(context, ['certificates', facts.userId, `${facts.courseId}.pdf`], await renderCertificate(facts));
  }

  async function archivePerson(context: StepContext, userId: string): Promise<Stored | 'observed'> {
    const eventId = ownWorkflowId();
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

  async function removeFiles(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      requireInside(key);
      await observeCall('archive', 'DELETE', () => remove(key));
    }
  }

  return { activities: { storeCertificate, archivePerson, removeFiles }, checks: [check] };
}

/** A key as we make them: one that leads out of the archive is none of ours. */
function requireInside(key: string): void {
  if (!key.split('/').every((part) => part !== '' && !part.startsWith('.')))
    throw rejected('archive', 'has no such file: its key leads elsewhere');
}

/** `..` and `/` from an id of the sender's must not lead out of the archive. */
function fileName(part: string): string {
  // By way of bytes: half a surrogate pair, which JSON can carry, is no text that could be encoded.
  const encoded = encodeURIComponent(Buffer.from(part).toString()).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
  return encoded.length <= 200
    ? encoded
    : `${encoded.slice(0, 120)}~${createHash('sha256').update(part).digest('hex')}`;
}
