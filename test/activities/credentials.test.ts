import { createCredentialMemory } from '../../activities/credentials';
import { credentialsRefused } from '../../activities/failure';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { at, connectTo, serve, workflow } from './running';

const refusal = (system: string) => credentialsRefused(system, 401, { status: 401 });

describe('createCredentialMemory', () => {
  const MINUTE = 60_000;

  test('a refused credential is asked five times a minute, and then fails in the same words without being asked', () => {
    let now = 0;
    const memory = createCredentialMemory('identity', () => now);
    const refuse = (): void => {
      memory.require('old');
      memory.learn('old', refusal('identity'));
    };
    for (let time = 0; time < 5; time += 1) refuse();
    now = MINUTE - 1;
    expect(refuse).toThrow('identity answered 401: its credentials were refused');
    now = MINUTE;
    for (let time = 0; time < 5; time += 1) expect(refuse).not.toThrow();
    expect(refuse).toThrow('its credentials were refused');
  });

  test('is forgotten once it is taken again', () => {
    const memory = createCredentialMemory('identity', () => 0);
    memory.learn('old', refusal('identity'));
    memory.require('old');
    memory.learn('old', undefined);
    for (let time = 0; time < 20; time += 1) expect(() => memory.require('old')).not.toThrow();
  });

  test('those who ask before an answer has come count', () => {
    const memory = createCredentialMemory('identity', () => 0);
    memory.learn('old', refusal('identity'));
    for (let time = 0; time < 4; time += 1) memory.require('old');
    expect(() => memory.require('old')).toThrow('its credentials were refused');
  });

  test('those who asked before the first refusal count too', () => {
    const memory = createCredentialMemory('identity', () => 0);
    for (let time = 0; time < 20; time += 1) memory.require('old');
    for (let time = 0; time < 20; time += 1) memory.learn('old', refusal('identity'));
    expect(() => memory.require('old')).toThrow('its credentials were refused');
  });

  test('another one is asked at once', () => {
    const memory = createCredentialMemory('mail', () => 0);
    for (let time = 0; time < 9; time += 1) memory.learn('old', refusal('mail'));
    expect(() => memory.require('new')).not.toThrow();
  });
});

describe('a token that the identity provider refuses', () => {
  const person = { userId: 'u1', email: 'u1@example.com' };
  let ledger: LedgerFixture;
  beforeAll(async () => {
    ledger = await openLedger();
  });
  afterAll(() => ledger.stop());

  test('is tried by the first five steps; the others fail in the same words', async () => {
    let asked = 0;
    const provider = await serve((_request, response) => {
      asked += 1;
      response.writeHead(401).end();
    });
    const { findContact } = connectTo(ledger.pool, 'identity', at.scim(provider.url));
    for (let step = 0; step < 8; step += 1)
      await expect(workflow().failure(findContact, person)).resolves.toMatchObject({
        type: 'identity.rejected',
        message: expect.stringMatching(/^identity: .+: answered 401: its credentials were refused$/) as string,
        nonRetryable: true,
      });
    await provider.stop();
    expect(asked).toBe(5);
  });

  test('goes through as soon as its account is mended', async () => {
    let isMended = false;
    const provider = await serve((_request, response) => {
      response.writeHead(isMended ? 200 : 401, { 'content-type': 'application/scim+json' });
      response.end(isMended ? JSON.stringify({ totalResults: 0, Resources: [] }) : '');
    });
    const { findContact } = connectTo(ledger.pool, 'identity', at.scim(provider.url));
    await workflow().failure(findContact, person);
    isMended = true;
    await expect(workflow().run(findContact, person)).resolves.toBeNull();
    await provider.stop();
  });

  // It may be about one person or one group alone.
  test('a 403 bars no other step', async () => {
    let asked = 0;
    const provider = await serve((_request, response) => {
      asked += 1;
      response.writeHead(403).end();
    });
    const { findContact } = connectTo(ledger.pool, 'identity', at.scim(provider.url));
    for (const { failure } of [workflow(), workflow()]) await failure(findContact, person);
    await provider.stop();
    expect(asked).toBe(2);
  });
});
