import { certificateKey } from '../../src/domain';
import { effectsOfStep, findLearner, type StoredEffect } from '../../src/ledger';
import type { Change, Person } from '../connector';
import { askLedger } from '../failure';
import { ownWorkflowId, reversed, type StepContext } from '../write-once';
import type { Fields, SalesforceParts } from './api';
import { externalKey, trainingRecord } from './record';
import { createRecordReader } from './record-reader';

/** `required`: it expired, and a new one is waited for. Each is a text of the policy's `salesforce.statuses`. */
export type CertificateStatus = 'required' | 'certified' | 'lapsed';

export interface CertificateStanding extends Person {
  readonly certName: string;
  readonly status: CertificateStatus;
  /** By when it has to be renewed, ISO 8601; null: nothing is due. */
  readonly deadline: string | null;
}

export interface CertificateActivities {
  /** The learner's certificate: one record per learner and certificate (case and outer space of its name ignored). */
  markCertificate(context: StepContext, certificate: CertificateStanding): Promise<'done' | 'observed'>;
  /**
   * Undo what step `of` wrote of a certificate: its record says again what it said before; where there was none, that the
   * learner is certified. `unchanged`: it never happened, or somebody has changed it since. A leaver gets nothing back.
   */
  restoreCertificate(context: StepContext, person: Person, of: string): Promise<Change>;
}

/** What the row of effects says of a certificate that was written. */
interface Written {
  readonly key: string;
  readonly status: CertificateStatus;
  readonly deadline: string | null;
}

export function createCertificateActivities({
  api,
  names,
  pool,
  write,
  confirm,
}: SalesforceParts): CertificateActivities {
  const { trainingObject: object, keyField, statuses } = names;
  const { read, holds } = createRecordReader(api, names);

  async function markCertificate(
    context: StepContext,
    { userId, email, certName, status, deadline }: CertificateStanding,
  ): Promise<'done' | 'observed'> {
    const key = externalKey(userId, 'certificate', certificateKey(certName));
    const facts = {
      learnerId: userId,
      email,
      kind: 'certificate',
      title: certName,
      status: statuses[status],
      deadline,
    };
    const fields = trainingRecord(names, facts);
    const isStillSo = (): Promise<boolean> => holds(key, fields);
    const would = { object, key, status, deadline };
    const before = { fields: await read(key, Object.keys(standingFields(status, deadline))) };
    const effect = { context, naturalKey: `certificate:${key}`, would, before, isStillSo };
    return write(effect, async () => {
      await api.upsert({ object, keyField, key }, fields);
      return 'done' as const;
    });
  }

  async function restoreCertificate(context: StepContext, { userId }: Person, of: string): Promise<Change> {
    const row = await rowOf(of);
    if (row === undefined) return 'unchanged';
    const { key, status, deadline } = row.would as unknown as Written;
    if ((await askLedger(() => findLearner(pool, userId)))?.active === false) return 'not active';
    const written = standingFields(status, deadline);
    const fields = (row.before?.['fields'] as Fields | null | undefined) ?? standingFields('certified', null);
    const effect = { context, naturalKey: row.naturalKey, would: { object, key, restores: of }, isStillSo: reversed };
    if (!(await holds(key, written))) return (await confirm(effect)) ? 'done' : 'unchanged';
    return write(effect, async () => {
      await api.upsert({ object, keyField, key }, fields);
      return 'done' as const;
    });
  }

  /** What step `of` of this workflow wrote, or may have written. */
  async function rowOf(of: string): Promise<StoredEffect | undefined> {
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, 'salesforce'));
    return rows.find(({ status }) => status === 'done' || status === 'pending');
  }

  /** The fields that a process changes in the course of a certificate. */
  function standingFields(status: CertificateStatus, deadline: string | null): Fields {
    return trainingRecord(names, { status: statuses[status], deadline });
  }

  return { markCertificate, restoreCertificate };
}
