import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { people } from '../../../src/dev/people';
import { readConfigFile } from '../../../src/settings';
import { createClaims } from '../../../activities/ledger';
import { statusOf, TOKEN } from '../running';
import { connect, type Badge } from './example-connector';
import { conformance } from './suite';

const { policy } = readConfigFile(undefined);
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
  system: 'badges',
  protocol: 'http',
  secrets: [TOKEN, omar.email],
  start: async (pool) => {
    const platform = await startPlatform();
    return {
      url: platform.url,
      connect: ({ url, timeoutMs }) => {
        const { activities } = connect(
          { url, token: () => TOKEN },
          { pool, policy, timeoutMs, claims: createClaims(pool, statusOf()) },
        );
        return (context) => activities.awardBadge(context, badge);
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
    const inActivities = inTests('example-connector.ts').replaceAll("'../../../activities/", "'../");
    expect(connector).toBe(
      inActivities.replace(' as string as System', '').replace(/^import type \{ System .*\n/m, ''),
    );
  });

  test('shows its entry in the suite', () => {
    expect(inTests('example-connector.test.ts')).toContain(`\n${entry}`);
  });
});
