import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ConnectorActivities, StepContext } from '../../../activities';
import { people } from '../../../src/dev/people';
import { DEFAULT_SALESFORCE_NAMES, type System, SYSTEMS } from '../../../src/domain';
import type { SystemSettings } from '../../../src/settings';
import { start, stateOf } from '../../dev/stand-ins/running';
import { S3_KEY, startS3 } from '../archive/s3-server';
import { at, connectTo, TOKEN, type Functions } from '../running';
import { conformance, type Conforming } from './suite';

const omar = { userId: people.omar.userId, email: people.omar.email };
const course = { courseId: 'c1', courseName: 'Discovery', score: 91, completedAt: '2026-11-01T10:00:00Z' };
const secrets = [TOKEN, omar.email, 'omar.haddad', 'Haddad'];

interface ByStandIn<S extends System> extends Partial<Pick<Conforming, 'isWrite' | 'unlike' | 'isAtLeastOnce'>> {
  readonly name?: string;
  /** Where the stand-in is, under the URL of all. */
  readonly path: string;
  readonly settings: (url: string) => SystemSettings[S];
  /** One activity that writes once. */
  readonly step: (activities: Functions<ConnectorActivities[S]>, context: StepContext) => Promise<unknown>;
  /** How often the stand-in shows its effect. */
  readonly effects: (state: Awaited<ReturnType<typeof stateOf>>) => number;
}

/** A connector to its stand-in. */
function byStandIn<S extends System>(system: S, entry: ByStandIn<S>): Conforming {
  const { name = system, path, settings, step, effects, ...more } = entry;
  return {
    ...more,
    name,
    system,
    protocol: 'http',
    secrets: [Buffer.from(`mindtickle:${TOKEN}`).toString('base64'), ...secrets],
    start: async (pool) => {
      const standIns = await start();
      return {
        url: `${standIns.url}${path}`,
        connect: ({ url, timeoutMs }) => {
          const activities = connectTo(pool, system, settings(url), { timeoutMs });
          return (context) => step(activities, context);
        },
        effects: async () => effects(await stateOf(standIns)),
        reset: () => fetch(`${standIns.url}/_reset`, { method: 'POST' }),
        stop: standIns.stop,
      };
    },
  };
}

const mail: Conforming = {
  name: 'mail',
  system: 'mail',
  protocol: 'smtp',
  secrets: ['a-password-of-the-tests', omar.email, 'Haddad'],
  start: (pool, smtp) =>
    Promise.resolve({
      url: `smtp://robot:a-password-of-the-tests@${smtp.host}`,
      connect: ({ url, timeoutMs }) => {
        const { sendMail } = connectTo(pool, 'mail', at.mail(url), { timeoutMs });
        return (context) => sendMail(context, omar.email, 'learner', { kind: 'welcome', role: 'Seller' });
      },
      effects: () => Promise.resolve(new Set(smtp.accepted).size),
      reset: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    }),
};

const archiveInFiles: Conforming = {
  name: 'archive on a file system',
  system: 'archive',
  protocol: 'files',
  secrets: [omar.email, 'Haddad'],
  start: async (pool) => {
    const root = await mkdtemp(join(tmpdir(), 'archive-'));
    return {
      url: pathToFileURL(root).href,
      connect: ({ url }) => {
        const { storeCertificate } = connectTo(pool, 'archive', at.archive(url));
        return (context) => storeCertificate(context, { userId: omar.userId, ...course });
      },
      effects: async () => (await readdir(root, { recursive: true })).filter((name) => name.includes('.pdf')).length,
      reset: async () => {
        for (const name of await readdir(root)) await rm(join(root, name), { recursive: true });
      },
      stop: () => rm(root, { recursive: true }),
    };
  },
};

const archiveInS3: Conforming = {
  name: 'archive in S3',
  system: 'archive',
  protocol: 'http',
  secrets: [S3_KEY.id, S3_KEY.secret, omar.email, 'Haddad'],
  // 409: another write of this key is under way. S3 answers in XML, which no half JSON is: its ETag is missing.
  unlike: { 409: 'unavailable', half: 'rejected' },
  losesCodes: true,
  start: async (pool) => {
    const s3 = await startS3();
    const env = { ...process.env };
    const aws = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: S3_KEY.id, AWS_SECRET_ACCESS_KEY: S3_KEY.secret };
    Object.assign(process.env, aws);
    return {
      url: s3.url,
      connect: ({ url, timeoutMs }) => {
        const settings = at.archive('s3://archive/mindtickle');
        const { storeCertificate } = connectTo(pool, 'archive', settings, { timeoutMs });
        return (context) => {
          // The SDK reads it at the connector's first call.
          process.env['AWS_ENDPOINT_URL_S3'] = url;
          return storeCertificate(context, { userId: omar.userId, ...course });
        };
      },
      effects: () => Promise.resolve(s3.objects.size),
      reset: () => {
        s3.objects.clear();
        return Promise.resolve();
      },
      stop: async () => {
        process.env = env;
        await s3.stop();
      },
    };
  },
};

/** Every system has at least one entry. */
const connectors: Readonly<Record<System, readonly [Conforming, ...Conforming[]]>> = {
  identity: [
    byStandIn('identity', {
      name: 'identity by SCIM',
      path: '/identity/scim/v2',
      settings: at.scim,
      step: ({ freezeUser }, context) => freezeUser(context, omar),
      effects: ({ identity: { users } }) =>
        users.filter(({ externalId, active }) => externalId === omar.userId && !active).length,
    }),
    byStandIn('identity', {
      name: 'identity by Okta',
      path: '/identity/okta',
      settings: at.okta,
      step: ({ freezeUser }, context) => freezeUser(context, omar),
      effects: ({ identity: { users } }) =>
        users.filter(({ externalId, status }) => externalId === omar.userId && status === 'SUSPENDED').length,
    }),
  ],
  mail: [mail],
  archive: [archiveInFiles, archiveInS3],
  salesforce: [
    byStandIn('salesforce', {
      path: '/salesforce',
      settings: at.salesforce,
      // Signing in is a POST that changes nothing.
      isWrite: ({ method }) => method === 'PATCH',
      step: ({ upsertTraining }, context) => upsertTraining(context, { ...omar, ...course }),
      effects: ({ salesforce: { records } }) =>
        records.filter(({ type }) => type === DEFAULT_SALESFORCE_NAMES.trainingObject).length,
    }),
  ],
  slack: [
    byStandIn('slack', {
      name: 'slack: messages',
      path: '',
      settings: at.slack,
      // Every method is a POST.
      isWrite: ({ path }) => path.endsWith('/chat.postMessage'),
      isAtLeastOnce: true,
      step: ({ postSlackMessage }, context) =>
        postSlackMessage(context, { email: omar.email }, { kind: 'welcome', role: 'Account Executive' }),
      effects: ({ slack: { messages } }) => messages.length,
    }),
    byStandIn('slack', {
      name: 'slack: accounts',
      path: '',
      settings: at.slack,
      // Deleted since it was looked up.
      unlike: { 404: 'done' },
      step: ({ deactivateSlackUser }, context) => deactivateSlackUser(context, omar),
      effects: ({ slack: { users } }) => users.filter(({ email, active }) => email === omar.email && !active).length,
    }),
  ],
  xapi: [
    byStandIn('xapi', {
      path: '/xapi',
      settings: at.xapi,
      step: ({ storeStatement }, context) =>
        storeStatement(context, { userId: omar.userId, verb: 'completed', ...course }),
      effects: ({ xapi: { statements } }) => statements.length,
    }),
  ],
};

test.each(SYSTEMS)('%s is in the conformance suite', (system) => {
  expect(connectors[system].map((entry) => entry.system)).toContain(system);
});
for (const connector of Object.values(connectors).flat()) conformance(connector);
