import { createHash } from 'node:crypto';
import { createS3Store } from '../../../activities/archive/s3';
import { serve, workflow, written } from '../running';
import { S3_KEY, startS3, type S3Server } from './s3-server';

const AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: S3_KEY.id, AWS_SECRET_ACCESS_KEY: S3_KEY.secret };
const KEPT = { ...process.env };
const bytes = Buffer.from('{"userId":"u-1"}\n');

let s3: S3Server;
beforeEach(async () => {
  s3 = await startS3();
  Object.assign(process.env, AWS, { AWS_ENDPOINT_URL_S3: s3.url });
});
afterEach(async () => {
  process.env = { ...KEPT };
  await s3.stop();
});

function storeTo(url = 's3://archive/of people') {
  const { put } = createS3Store(url, { pathStyle: true });
  const { run, failure } = workflow();
  return {
    put: (key: string, content = bytes) => run(put, key, content),
    refusal: (key: string, content = bytes) => failure(put, key, content),
  };
}

describe('createS3Store', () => {
  test('stores under the prefix, and the same again is the same', async () => {
    const { put } = storeTo();
    await expect(put('people/u-1/a%20b.json')).resolves.toBe('stored');
    await expect(put('people/u-1/a%20b.json')).resolves.toBe('same');
    expect([...s3.objects.keys()]).toEqual(['/archive/of%20people/people/u-1/a%2520b.json']);
    expect([...s3.objects.values()]).toEqual([bytes]);
  });

  test('without a prefix the key is the whole key', async () => {
    await storeTo('s3://archive').put('k.json');
    expect([...s3.objects.keys()]).toEqual(['/archive/k.json']);
  });

  test('removes an object, and one that is not there', async () => {
    await storeTo().put('people/u-1/a.json');
    const { remove } = createS3Store('s3://archive/of people', { pathStyle: true });
    const { run } = workflow();
    await run(remove, 'people/u-1/a.json');
    expect([...s3.objects.keys()]).toEqual([]);
    await expect(run(remove, 'people/u-1/a.json')).resolves.toBeUndefined();
  });

  test('other bytes are never written over', async () => {
    const { put, refusal } = storeTo();
    await put('k.json');
    await expect(refusal('k.json', Buffer.from('other'))).resolves.toMatchObject({
      type: 'archive.rejected',
      nonRetryable: true,
    });
    expect([...s3.objects.values()]).toEqual([bytes]);
  });

  test('knows whether these bytes are there', async () => {
    const { holds } = createS3Store('s3://archive', { pathStyle: true });
    const { run } = workflow();
    await expect(run(holds, 'k.json', bytes)).resolves.toBe(false);
    await storeTo('s3://archive').put('k.json');
    await expect(run(holds, 'k.json', bytes)).resolves.toBe(true);
    await expect(run(holds, 'k.json', Buffer.from('other'))).resolves.toBe(false);
  });

  test('of many at once one stores', async () => {
    const results = await Promise.all(Array.from({ length: 6 }, () => storeTo().put('k.json')));
    expect(results.filter((result) => result === 'stored')).toHaveLength(1);
    expect(results.filter((result) => result === 'same')).toHaveLength(5);
  });

  test('a checksum of its own decides where the peer keeps none', async () => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { url, stop } = await serve((request, response) => {
      response.writeHead(request.method === 'HEAD' ? 200 : 412, { 'x-amz-meta-sha256': sha256 }).end();
    });
    process.env['AWS_ENDPOINT_URL_S3'] = url;
    await expect(storeTo().put('k.json')).resolves.toBe('same');
    await expect(storeTo().refusal('k.json', Buffer.from('x'))).resolves.toMatchObject({ type: 'archive.rejected' });
    await stop();
  });
});

describe('what S3 refuses', () => {
  test.each([
    [503, 'SlowDown'],
    [409, 'ConditionalRequestConflict'],
    [400, 'RequestTimeout'],
    [400, 'ExpiredToken'],
  ])('%d %s may pass, and is asked once an attempt', async (status, code) => {
    s3.failNext({ status, code });
    await expect(storeTo().refusal('k.json')).resolves.toMatchObject({
      type: 'archive.unavailable',
      details: [{ status, code }],
    });
    expect(s3.requests).toHaveLength(1);
  });

  test.each([
    [403, 'AccessDenied', 's3:PutObject'],
    [404, 'NoSuchBucket', 'ARCHIVE_URL'],
    [400, 'AuthorizationHeaderMalformed', 'AWS_REGION'],
    [501, 'NotImplemented', 'If-None-Match'],
  ])('%d %s is for good, and says what to do', async (status, code, hint) => {
    s3.failNext({ status, code });
    const failure = await storeTo().refusal('k.json');
    expect(failure).toMatchObject({ type: 'archive.rejected', nonRetryable: true, details: [{ status, code }] });
    expect(failure.message).toContain(hint);
  });

  test('another bucket and a wrong secret', async () => {
    await expect(storeTo('s3://elsewhere').refusal('k')).resolves.toMatchObject({
      details: [{ status: 404, code: 'NoSuchBucket' }],
    });
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another-secret';
    const failure = await storeTo().refusal('k');
    expect(failure).toMatchObject({ type: 'archive.rejected', details: [{ status: 403 }] });
    expect(written(failure)).not.toMatch(/another-secret|AKIA/);
  });

  test('without a region it says which setting is missing', async () => {
    delete process.env['AWS_REGION'];
    delete process.env['AWS_DEFAULT_REGION'];
    process.env['AWS_CONFIG_FILE'] = '/nonexistent';
    await expect(storeTo().refusal('k')).resolves.toMatchObject({
      type: 'archive.rejected',
      message: expect.stringContaining('AWS_REGION') as string,
    });
  });
});
