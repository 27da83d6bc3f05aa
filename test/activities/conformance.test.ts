import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArchiveActivities, IdentityActivities, MailActivities } from '../../activities';
import { createArchiveActivities } from '../../activities/archive';
import { createConfirm, createWrite } from '../../activities/effects';
import { createHttp } from '../../activities/http';
import { createIdentityActivities } from '../../activities/identity';
import { createScimDriver } from '../../activities/identity-scim';
import { createAlerts, createMailActivities } from '../../activities/mail';
import { people } from '../../src/stand-ins/people';
import { start, stateOf, stopAll } from '../stand-ins/running';
import { conformance } from './conformance';
import { TOKEN, type Functions } from './running';

const { omar } = people;

conformance({
  name: 'identity by SCIM',
  system: 'identity',
  protocol: 'http',
  secrets: [TOKEN, omar.email, 'omar.haddad', 'Haddad'],
  start: async (pool) => {
    const standIns = await start();
    return {
      url: `${standIns.url}/identity/scim/v2`,
      connect: ({ url: baseUrl, timeoutMs }) => {
        const headers = () => ({ authorization: `Bearer ${TOKEN}`, 'content-type': 'application/scim+json' });
        const http = createHttp({
          system: 'identity',
          baseUrl,
          headers,
          write: createWrite('identity', pool),
          timeoutMs,
        });
        const identity: Functions<IdentityActivities> = createIdentityActivities({
          driver: createScimDriver(http),
          pool,
          confirm: createConfirm('identity', pool),
          isProtected: { users: [], groups: [] },
        });
        return (context) => identity.freezeUser(context, { userId: omar.userId, email: omar.email });
      },
      effects: async () => {
        const { identity } = await stateOf(standIns);
        return identity.users.filter(({ externalId, active }) => externalId === omar.userId && !active).length;
      },
      reset: () => fetch(`${standIns.url}/_reset`, { method: 'POST' }),
      stop: stopAll,
    };
  },
});

conformance({
  name: 'mail',
  system: 'mail',
  protocol: 'smtp',
  secrets: ['a-password-of-the-tests', omar.email, 'Haddad'],
  start: (pool, smtp) =>
    Promise.resolve({
      url: `smtp://robot:a-password-of-the-tests@${smtp.host}`,
      connect: ({ url, timeoutMs }) => {
        const write = createWrite('mail', pool);
        const mail: Functions<MailActivities> = createMailActivities({
          url: () => url,
          from: 'Desk <d@example.com>',
          write,
          alerts: createAlerts(pool),
          timeoutMs,
        });
        return (context) => mail.sendLetter(context, omar.email, 'learner', { kind: 'welcome', role: 'Seller' });
      },
      effects: () => Promise.resolve(new Set(smtp.accepted).size),
      reset: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    }),
});

conformance({
  name: 'archive on a file system',
  system: 'archive',
  protocol: 'files',
  secrets: [omar.email, 'Haddad'],
  start: async (pool) => {
    const root = await mkdtemp(join(tmpdir(), 'archive-'));
    return {
      url: pathToFileURL(root).href,
      connect: ({ url }) => {
        const archive: Functions<ArchiveActivities> = createArchiveActivities({
          url,
          pool,
          write: createWrite('archive', pool),
        });
        const facts = { courseId: 'c1', courseName: 'Discovery', score: 91, completedAt: '2026-11-01T10:00:00Z' };
        return (context) => archive.storeCertificate(context, { userId: omar.userId, ...facts });
      },
      effects: async () => (await readdir(root, { recursive: true })).filter((name) => name.includes('.pdf')).length,
      reset: async () => {
        for (const name of await readdir(root)) await rm(join(root, name), { recursive: true });
      },
      stop: () => rm(root, { recursive: true }),
    };
  },
});
