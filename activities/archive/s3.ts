import { createHash } from 'node:crypto';
import type * as Sdk from '@aws-sdk/client-s3';
import { withinTime } from '../deadline';
import {
  credentialsRefused,
  failureFromNetwork,
  mayPass,
  ofCall,
  rejected,
  retryAfterMs,
  unavailable,
} from '../failure';
import { OTHER_BYTES, type Store } from './files';

/** A certificate with its fonts may be large, and the network slow. */
const TIMEOUT_MS = 12_000;

/**
 * The archive in a bucket of S3, or of what speaks its protocol. Region, credentials and endpoint are the AWS SDK's own
 * environment. `If-None-Match: *` (conditional writes, S3 User Guide) keeps what is there; its checksum says what that is.
 */
export function createS3Store(
  url: string,
  {
    pathStyle = false,
    timeoutMs = TIMEOUT_MS,
  }: { readonly pathStyle?: boolean; readonly timeoutMs?: number | undefined },
): Store {
  const { hostname: Bucket, pathname } = new URL(url);
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const connection = createConnection(pathStyle, timeoutMs);

  const objectOf = (key: string) => ({ Bucket, Key: prefix === '' ? key : `${prefix}/${key}` });

  async function put(key: string, bytes: Buffer): Promise<'stored' | 'same'> {
    const { sdk, client } = await connection();
    const command = new sdk.PutObjectCommand({ ...objectOf(key), ...contentOf(key, bytes) });
    const answer = await withinTime(timeoutMs, async (abortSignal) =>
      client.send(command, { abortSignal }).catch((error: unknown) => {
        if (statusOf(error) !== 412) throw failureFromS3('PutObject', error);
        return 'taken' as const;
      }),
    );
    if (answer !== 'taken') {
      // A sign-in page answers 200 to anything, and keeps nothing.
      if (answer.ETag === undefined) throw rejected('archive', NOT_S3, { call: 'PutObject' });
      return 'stored';
    }
    if (await holds(key, bytes)) return 'same';
    throw rejected('archive', OTHER_BYTES, { call: 'PutObject' });
  }

  async function holds(key: string, bytes: Buffer): Promise<boolean> {
    const { sdk, client } = await connection();
    const head = new sdk.HeadObjectCommand({ ...objectOf(key), ChecksumMode: 'ENABLED' });
    const there = await withinTime(timeoutMs, async (abortSignal) =>
      client.send(head, { abortSignal }).catch((error: unknown) => {
        if (statusOf(error) === 404) return undefined;
        throw failureFromS3('HeadObject', error);
      }),
    );
    const sha256 = there?.ChecksumSHA256 ?? base64(there?.Metadata?.['sha256']);
    return sha256 === sha256Of(bytes).toString('base64');
  }

  /** Deleting what is not there is a success to S3 too. */
  async function remove(key: string): Promise<void> {
    const { sdk, client } = await connection();
    const command = new sdk.DeleteObjectCommand(objectOf(key));
    const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal }).catch(failAs('DeleteObject'));
    await withinTime(timeoutMs, send);
  }

  /** The bucket is there and answers to our credentials. */
  async function check(): Promise<void> {
    const { sdk, client } = await connection();
    try {
      await client.send(new sdk.HeadBucketCommand({ Bucket }), { abortSignal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      const status = statusOf(error);
      const call = 'HeadBucket';
      if (status === 404) throw rejected('archive', NO_BUCKET, { status, call });
      // HEAD has no body to say why; a right that this check alone needs must not read as a wrong key.
      if (status === 403)
        throw credentialsRefused('archive', status, { status, call }, `${RIGHTS}, and s3:ListBucket for this check`);
      throw failureFromS3(call, error);
    }
  }

  return { put, holds, remove, check };
}

/** The SDK is loaded when it is needed: most archives are folders. */
function createConnection(pathStyle: boolean, timeoutMs: number) {
  let made: Promise<{ readonly sdk: typeof Sdk; readonly client: Sdk.S3Client }> | undefined;
  return () => {
    made ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        forcePathStyle: pathStyle,
        // Temporal retries.
        maxAttempts: 1,
        requestHandler: { connectionTimeout: 5000, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
      }),
    }));
    return made;
  };
}

/** These may pass, although their status does not say so. */
const MAY_PASS = ['ConditionalRequestConflict', 'OperationAborted', 'RequestTimeout', 'ExpiredToken', 'SlowDown'];

/** Of an endpoint that is a page. */
const NOT_S3 = 'did not answer as S3 does: is its endpoint right?';

const RIGHTS =
  'look at the AWS credentials: they need s3:PutObject and s3:GetObject on the bucket (and s3:DeleteObject to erase a person)';

const NO_BUCKET = 'has no such bucket: create it, or correct ARCHIVE_URL, then retryStep';

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  NoSuchBucket: NO_BUCKET,
  PermanentRedirect: 'is in another region: set AWS_REGION',
  AuthorizationHeaderMalformed: 'is in another region: set AWS_REGION',
  RequestTimeTooSkewed: 'refused our clock: set it',
  NotImplemented: 'has no conditional writes (If-None-Match), so it cannot be the archive',
};

function failAs(call: string): (error: unknown) => never {
  return (error) => {
    throw failureFromS3(call, error);
  };
}

/** `call`: by S3's own name, which is that of the right it needs. */
function failureFromS3(call: string, error: unknown): unknown {
  return ofCall(call, unnamedFailure(error));
}

/** By S3's error code and status. Nothing of the SDK's message or request is kept: they may name keys and credentials. */
function unnamedFailure(error: unknown): Error {
  const status = statusOf(error);
  const code = codeOf(error);
  if (status === undefined) return unanswered(error, code);
  const details = { status, code };
  if (MAY_PASS.includes(code) || mayPass(status) || status === 409) {
    if (code !== 'NotImplemented') return unavailable('archive', `answered ${status}`, details, delayOf(error));
  }
  const what = WHAT_TO_DO[code];
  if (what !== undefined) return rejected('archive', what, details);
  const isRefused = status === 401 || status === 403;
  return isRefused
    ? credentialsRefused('archive', status, details, RIGHTS)
    : rejected('archive', `answered ${status}`, details);
}

/** `Retry-After`, as milliseconds. The SDK's HTTP client writes names in lower case. */
function delayOf(error: unknown): number | undefined {
  const { $response: response } = error as { $response?: { headers?: Readonly<Record<string, string>> } };
  return retryAfterMs(response?.headers?.['retry-after'] ?? null, Date.now());
}

function unanswered(error: unknown, code: string): Error {
  if ((error as { message?: unknown }).message === 'Region is missing')
    return rejected('archive', 'has no region: set AWS_REGION', { code: 'RegionMissing' });
  if (code === 'CredentialsProviderError')
    return unavailable('archive', 'has no AWS credentials, by environment, profile or role', { code });
  return failureFromNetwork('archive', error);
}

function statusOf(error: unknown): number | undefined {
  const { $metadata: metadata, $response: response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return metadata?.httpStatusCode ?? response?.statusCode;
}

/** S3's, which the SDK makes the error's name, or the network's. */
function codeOf(error: unknown): string {
  const { name, code } = error as { name?: unknown; code?: unknown };
  const found = name === 'Error' ? code : name;
  return typeof found === 'string' ? found : 'unknown';
}

/** Never over what is there (`IfNoneMatch`). */
function contentOf(key: string, bytes: Buffer): Omit<Sdk.PutObjectCommandInput, 'Bucket' | 'Key'> {
  const digest = sha256Of(bytes);
  return {
    Body: bytes,
    ContentLength: bytes.length,
    ContentType: key.endsWith('.pdf') ? 'application/pdf' : 'application/json',
    IfNoneMatch: '*',
    ChecksumSHA256: digest.toString('base64'),
    // Not every peer keeps the checksum itself.
    Metadata: { sha256: digest.toString('hex') },
  };
}

function sha256Of(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function base64(hex: string | undefined): string | undefined {
  return hex === undefined ? undefined : Buffer.from(hex, 'hex').toString('base64');
}
