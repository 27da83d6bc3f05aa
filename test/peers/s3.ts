import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { Pool } from 'pg';
import { createS3Store } from '../../activities/archive/s3';
import { at, connectTo } from '../activities/running';
import { freePort } from '../free-port';
import { run } from './processes';
import type { Proxy } from './toxiproxy';
import { tryPeer, writesAtOnce, type Outcome } from './trial';

const KEY = { id: 'a-key-of-the-peers', secret: 'a-secret-key-of-the-peers' };
const BUCKET = 'archive';

/** Keeps its buckets as folders under `root`. */
export async function startS3(program: string, root: string): Promise<number> {
  const port = await freePort();
  const env = { ...process.env, ROOT_ACCESS_KEY: KEY.id, ROOT_SECRET_KEY: KEY.secret };
  await run(program, ['--port', `127.0.0.1:${port}`, 'posix', root], port, { env });
  return port;
}

/** One certificate, with every fault. `direct`: the port that is asked what it holds. */
export async function tryS3(pool: Pool, direct: number, proxy: Proxy | undefined): Promise<Outcome> {
  const port = proxy?.port ?? direct;
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: KEY.id,
    AWS_SECRET_ACCESS_KEY: KEY.secret,
  });
  const client = new S3Client({ endpoint: `http://127.0.0.1:${direct}`, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await checkBucket();
  await refusesOthers();
  return tryPeer({
    pool,
    proxy,
    fresh: ({ onWrite, timeoutMs = 8000 }) => {
      const userId = randomUUID();
      const archive = connectTo(pool, 'archive', at.archive(`s3://${BUCKET}/mindtickle`), { timeoutMs });
      const course = { courseId: 'c1', courseName: 'Discovery', score: 91, completedAt: '2026-11-01T10:00:00Z' };
      return Promise.resolve({
        step: writesAtOnce((context) => archive.storeCertificate(context, { userId, ...course }), onWrite),
        effects: async () => {
          const Prefix = `mindtickle/certificates/${userId}/`;
          return (await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }))).KeyCount ?? 0;
        },
      });
    },
  });
}

const checkBucket = (bucket = BUCKET) => createS3Store(`s3://${bucket}`, { pathStyle: true }).check();

/** A bucket that is not there, and a key that is not ours. */
async function refusesOthers(): Promise<void> {
  await assert.rejects(checkBucket('elsewhere'), /no such bucket/);
  process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret-key';
  await assert.rejects(checkBucket(), /its credentials were refused/);
  process.env['AWS_SECRET_ACCESS_KEY'] = KEY.secret;
}
