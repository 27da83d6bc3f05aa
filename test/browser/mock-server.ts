/** A small server with the page and with plausible answers of the JSON API, for tests of the page alone. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Response } from 'express';
import { LOGIN_PAGE, LOGIN_POLICY } from '../../src/operations/api/login-page';
import { createPage, PAGE_SECURITY_POLICY } from '../../src/operations/page/page';
import { addAnswers } from './mock-answers';
import { makeCases, makePeople } from './mock-data';
import { refuse, type MockState } from './mock-state';

export interface MockServer {
  readonly url: string;
  readonly state: MockState;
  readonly change: (...topics: string[]) => void;
  /** Ends all streams, as a restart of the server does. */
  readonly cutStreams: () => void;
  /** As it was at the start. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

export const TOKENS: Readonly<Record<string, { name: string; role: string }>> = {
  'operator-token': { name: 'olga', role: 'operator' },
  'viewer-token': { name: 'victor', role: 'viewer' },
};

export async function startMock(): Promise<MockServer> {
  const base = Date.now();
  const fresh = (): MockState => {
    const people = makePeople(60);
    return { base, people, cases: makeCases(base, people), isExpired: false, sent: [], held: new Map() };
  };
  const state = fresh();
  const streams = new Set<Response>();
  let sequence = 0;
  const change = (...topics: string[]): void => {
    sequence += 1;
    for (const stream of streams)
      stream.write(`id: ${sequence}\nevent: change\ndata: ${JSON.stringify({ topics })}\n\n`);
  };
  const cutStreams = (): void => {
    for (const stream of streams) stream.destroy();
  };
  const server = createServer(createMockApp(state, streams, change)).listen(
    Number(process.env['PORT'] ?? 0),
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    change,
    cutStreams,
    reset: () => void Object.assign(state, fresh()),
    close: async () => {
      cutStreams();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function createMockApp(state: MockState, streams: Set<Response>, change: (...topics: string[]) => void): Express {
  const app = express().disable('etag');
  const policy = Object.entries(PAGE_SECURITY_POLICY).map(([name, values]) => `${name} ${values.join(' ')}`);
  app.use((_request, response, next) => {
    response.set('content-security-policy', policy.join('; '));
    next();
  });
  app.use(express.json());
  addSession(app, state);
  app.use(createPage());
  app.get('/api/stream', (_request, response) => {
    response.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 100\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  });
  addAnswers(app, state, change);
  return app;
}

function addSession(app: Express, state: MockState): void {
  app.post('/api/session', (request, response) => {
    const { token } = request.body as { token: string };
    if (TOKENS[token] === undefined) return void refuse(response, 401, 'This token is not known.');
    state.isExpired = false;
    response.cookie('session', token, { httpOnly: true, sameSite: 'strict' }).status(204).end();
  });
  app.delete('/api/session', (_request, response) => void response.clearCookie('session').status(204).end());
  app.use((request, response, next) => {
    const token = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
    const credential = TOKENS[token];
    if (state.isExpired || credential === undefined) {
      if (request.path.startsWith('/api/')) refuse(response, 401, 'Log in first.');
      else response.status(401).set('content-security-policy', LOGIN_POLICY).send(LOGIN_PAGE);
      return;
    }
    if (request.method !== 'GET' && credential.role !== 'operator')
      return void refuse(response, 403, 'Only an operator may do this.');
    Object.assign(response.locals, credential);
    next();
  });
}
