import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createWrite } from '../../../activities/write-once';
import { createHttp } from '../../../activities/http';
import type { System } from '../../../src/domain';
import { people } from '../../../src/dev/people';
import { conformance } from './suite';
import { createBadgeActivities, type Badge } from './example-connector';
import { TOKEN } from '../running';

/** A system of the product stands in `SYSTEMS`; this one is in the tests alone. */
const system = 'badges' as string as System;

const { omar } = people;
const badge: Badge = { userId: omar.userId, email: omar.email, courseId: 'c1', courseName: 'Discovery' };

/** What stands in for the platform. */
async function startPlatform() {
  const awards = new Set<string>();
  const server = createServer((request, response) => {
    const isOurs = request.headers.authorization === `Bearer ${TOKEN}` && request.method === 'PUT';
    if (isOurs) awards.add(request.url ?? '');
    request.resume().on('end', () => response.writeHead(isOurs ? 204 : 401).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    awards,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

conformance({
  name: 'badges',
  system,
  protocol: 'http',
  secrets: [TOKEN, omar.email],
  start: async (pool) => {
    const platform = await startPlatform();
    return {
      url: platform.url,
      connect: ({ url: baseUrl, timeoutMs }) => {
        const headers = () => ({ authorization: `Bearer ${TOKEN}` });
        const write = createWrite(system, pool);
        const badges = createBadgeActivities(createHttp({ system, baseUrl, headers, write, timeoutMs }));
        return (context) => badges.awardBadge(context, badge);
      },
      effects: () => Promise.resolve(platform.awards.size),
      reset: () => {
        platform.awards.clear();
        return Promise.resolve();
      },
      stop: platform.stop,
    };
  },
});

describe('docs/connectors.md', () => {
  const inTests = (name: string): string => readFileSync(join(__dirname, name), 'utf8');
  const page = readFileSync(join(__dirname, '../../../docs/connectors.md'), 'utf8');
  const [connector, entry] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

  test('shows the connector that is run here, as it stands in `activities/`', () => {
    expect(connector).toBe(inTests('example-connector.ts').replaceAll("'../../../activities/", "'../"));
  });

  test('shows its entry in the suite', () => {
    expect(inTests('example-connector.test.ts')).toContain(`\n${entry}`);
  });
});
