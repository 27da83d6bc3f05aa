import { createCredentialMemory } from '../../activities/credentials';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { connectorsTo, serve, workflow } from './running';

describe('createCredentialMemory', () => {
  const MINUTE = 60_000;

  test('a refused credential is asked once a minute', () => {
    let now = 0;
    const memory = createCredentialMemory('identity', () => now);
    memory.require('old');
    memory.learn('old', 401);
    now = MINUTE - 1;
    expect(() => memory.require('old')).toThrow('identity answered 401: its credentials were refused');
    now = MINUTE;
    expect(() => memory.require('old')).not.toThrow();
    // One finds out: the others wait for what it learns.
    expect(() => memory.require('old')).toThrow('its credentials were refused');
    memory.learn('old', undefined);
    expect(() => memory.require('old')).not.toThrow();
  });

  test('another one is asked at once', () => {
    const memory = createCredentialMemory('mail', () => 0);
    memory.learn('old', 535);
    expect(() => memory.require('new')).not.toThrow();
  });
});

describe('a token that the identity provider refuses', () => {
  let ledger: LedgerFixture;
  beforeAll(async () => {
    ledger = await openLedger();
  });
  afterAll(() => ledger.stop());

  test('is tried by the first step alone; the others fail in the same words', async () => {
    let asked = 0;
    const provider = await serve((_request, response) => {
      asked += 1;
      response.writeHead(401).end();
    });
    const { findContact } = connectorsTo(ledger.pool, { identityUrl: provider.url });
    const person = { userId: 'u1', email: 'u1@example.com' };
    for (const { failure } of [workflow(), workflow(), workflow()])
      await expect(failure(findContact, person)).resolves.toMatchObject({
        type: 'identity.rejected',
        message: 'identity answered 401: its credentials were refused',
        nonRetryable: true,
      });
    await provider.stop();
    expect(asked).toBe(1);
  });

  // It may be about one person or one group alone.
  test('a 403 bars no other step', async () => {
    let asked = 0;
    const provider = await serve((_request, response) => {
      asked += 1;
      response.writeHead(403).end();
    });
    const { findContact } = connectorsTo(ledger.pool, { identityUrl: provider.url });
    const person = { userId: 'u1', email: 'u1@example.com' };
    for (const { failure } of [workflow(), workflow()]) await failure(findContact, person);
    await provider.stop();
    expect(asked).toBe(2);
  });
});
