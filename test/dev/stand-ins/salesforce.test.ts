import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StandIns } from '../../../src/dev/stand-ins';
import { pageOf, send, setFault, start, stateOf, stopAll, TOKEN } from './running';

afterEach(stopAll);

const CLIENT = { grant_type: 'client_credentials', client_id: 'mindtickle', client_secret: TOKEN };

async function grant({ url }: StandIns, form: Record<string, string> = CLIENT) {
  const response = await fetch(`${url}/salesforce/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** One call with a session of its own, under version 62. */
async function call(standIns: StandIns, method: string, path: string, body?: unknown) {
  const { body: session } = await grant(standIns);
  return callBy(standIns, session['access_token'] ?? '', method, `/services/data/v62.0${path}`, body);
}

async function callBy(standIns: StandIns, session: string, method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${session}` };
  const response = await send(standIns, method, `/salesforce${path}`, body, headers);
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
    usage: response.headers.get('sforce-limit-info'),
  };
}

const query = (standIns: StandIns, soql: string) => call(standIns, 'GET', `/query?q=${encodeURIComponent(soql)}`);
const fails = (status: number, errorCode: string) => ({ status, body: [{ errorCode }] });
const TRAINING = '/sobjects/Training_Status__c/External_Key__c';
const COLLECTION = '/composite/sobjects/Training_Status__c/External_Key__c';

describe('sign-in', () => {
  test('grants a session by client credentials', async () => {
    const standIns = await start();
    await expect(grant(standIns)).resolves.toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', instance_url: `${standIns.url}/salesforce` },
    });
  });

  test.each([
    ['invalid_client', { ...CLIENT, client_secret: 'wrong' }],
    ['invalid_client_id', { ...CLIENT, client_id: 'other' }],
    ['unsupported_grant_type', { ...CLIENT, grant_type: 'password' }],
  ])('%s', async (error, form) => {
    await expect(grant(await start(), form)).resolves.toMatchObject({ status: 400, body: { error } });
  });

  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  async function assert(standIns: StandIns, changed: object, alg = 'RS256', key = keys.privateKey) {
    const claims = {
      iss: 'mindtickle',
      sub: 'mona.lindqvist@example.com',
      aud: `${standIns.url}/salesforce`,
      exp: Math.floor(Date.now() / 1000) + 170,
      ...changed,
    };
    const unsigned = [{ alg }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('RSA-SHA256', Buffer.from(unsigned), key).toString('base64url');
    return grant(standIns, {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: `${unsigned}.${signature}`,
    });
  }

  test('grants a session by an assertion of the key', async () => {
    await expect(assert(await start({ signInKey: publicKey }), {})).resolves.toMatchObject({ status: 200 });
  });

  test('refuses an assertion of another user, audience, time, algorithm or key', async () => {
    const standIns = await start({ signInKey: publicKey });
    const now = Math.floor(Date.now() / 1000);
    for (const changed of [{ sub: 'x' }, { aud: 'x' }, { iss: 'x' }, { exp: now - 1 }, { exp: now + 600 }])
      await expect(assert(standIns, changed)).resolves.toMatchObject({ status: 400 });
    await expect(assert(standIns, {}, 'none')).resolves.toMatchObject({ body: { error: 'invalid_grant' } });
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    await expect(assert(standIns, {}, 'RS256', other)).resolves.toMatchObject({ body: { error: 'invalid_grant' } });
    await expect(assert(await start(), {})).resolves.toMatchObject({ body: { error: 'invalid_grant' } });
  });

  test('a session ends after two hours without use', async () => {
    let at = Date.parse('2026-11-02T10:00:00Z');
    const standIns = await start({ now: () => new Date(at) });
    const session = (await grant(standIns)).body['access_token'] ?? '';
    const ask = () =>
      callBy(
        standIns,
        session,
        'GET',
        `/services/data/v62.0/query?q=${encodeURIComponent("SELECT Id FROM User WHERE Id = ''")}`,
      );
    for (const hours of [1.9, 1.9]) {
      at += hours * 3_600_000;
      await expect(ask()).resolves.toMatchObject({ status: 200 });
    }
    at += 2.1 * 3_600_000;
    await expect(ask()).resolves.toMatchObject(fails(401, 'INVALID_SESSION_ID'));
    await expect(callBy(standIns, 'made-up', 'GET', '/services/data/v62.0/query')).resolves.toMatchObject({
      status: 401,
    });
  });
});

describe('query', () => {
  test('finds by any of the conditions, whatever the case, and gives what was asked', async () => {
    const standIns = await start();
    const soql =
      "SELECT Id, Email,MindTickle_User_Id__c FROM Contact WHERE Email = 'OMAR.haddad@example.com' OR LastName = 'Rossi'";
    const { status, body, usage } = await query(standIns, soql);
    expect({ status, usage }).toEqual({ status: 200, usage: 'api-usage=1/15000' });
    const { records, ...rest } = body as { records: { Email: string }[] };
    expect(rest).toEqual({ totalSize: 2, done: true });
    expect(records[0]).toEqual({
      attributes: { type: 'Contact', url: expect.any(String) as string },
      Id: expect.stringMatching(/^003\w{15}$/) as string,
      Email: 'omar.haddad@example.com',
      MindTickle_User_Id__c: null,
    });
    expect((await query(standIns, "SELECT Id FROM Contact WHERE LastName = 'O\\'Hara\\\\'")).body).toMatchObject({
      records: [],
    });
  });

  test.each([
    ["SELECT Id FROM Contact WHERE LastName = 'O'Hara'", 'MALFORMED_QUERY'],
    ["SELECT Id FROM Contact WHERE LastName = 'a' OR", 'MALFORMED_QUERY'],
    ["SELECT Id FROM Contact WHERE LastName = 'a' OR ", 'MALFORMED_QUERY'],
    ["SELECT Id FROM Contact WHERE LastName = 'a' LIMIT 1", 'MALFORMED_QUERY'],
    ['SELECT Id FROM Contact', 'MALFORMED_QUERY'],
    ["SELECT FROM Contact WHERE LastName = 'a'", 'MALFORMED_QUERY'],
    ["SELECT Id FROM Nothing WHERE LastName = 'a'", 'INVALID_TYPE'],
    ["SELECT Id, Nope FROM Contact WHERE LastName = 'a'", 'INVALID_FIELD'],
    ["SELECT Id FROM Contact WHERE constructor = 'a'", 'INVALID_FIELD'],
  ])('%s is refused', async (soql, code) => {
    await expect(query(await start(), soql)).resolves.toMatchObject(fails(400, code));
  });
});

describe('PATCH of a record', () => {
  test('by external id makes it once, then changes it', async () => {
    const standIns = await start();
    const path = `${TRAINING}/mt-1%3Ac`;
    const first = await call(standIns, 'PATCH', path, { Score__c: 70 });
    expect(first).toMatchObject({ status: 201, body: { success: true, created: true, errors: [] } });
    await expect(call(standIns, 'PATCH', path, { Score__c: 80 })).resolves.toMatchObject({
      status: 200,
      body: { id: (first.body as { id: string }).id, created: false },
    });
    const { salesforce } = await stateOf(standIns);
    expect(salesforce.records.filter(({ type }) => type === 'Training_Status__c')).toMatchObject([
      { External_Key__c: 'mt-1:c', Score__c: 80 },
    ]);
  });

  test('by id changes it and answers nothing', async () => {
    const standIns = await start();
    const { salesforce } = await stateOf(standIns);
    const login = salesforce.records.find(({ type }) => type === 'UserLogin');
    const path = `/sobjects/UserLogin/${login?.Id ?? ''}`;
    await expect(call(standIns, 'PATCH', path, { IsFrozen: true })).resolves.toMatchObject({
      status: 204,
      body: undefined,
    });
    await expect(call(standIns, 'PATCH', path, { UserId: 'x' })).resolves.toMatchObject(
      fails(400, 'INVALID_FIELD_FOR_INSERT_UPDATE'),
    );
    await expect(call(standIns, 'PATCH', '/sobjects/UserLogin/0Yw', {})).resolves.toMatchObject(
      fails(404, 'NOT_FOUND'),
    );
    const page = await pageOf(standIns);
    expect(page).toContain('frozen');
  });

  test.each([
    [`${TRAINING}/k`, { Nope__c: 1 }, 400, 'INVALID_FIELD'],
    [`${TRAINING}/k`, { External_Key__c: 'k' }, 400, 'INVALID_FIELD'],
    [`${TRAINING}/k`, { Score__c: '70' }, 400, 'JSON_PARSER_ERROR'],
    [`${TRAINING}/k`, { Completed_At__c: 'yesterday' }, 400, 'JSON_PARSER_ERROR'],
    [`${TRAINING}/k`, '{', 400, 'JSON_PARSER_ERROR'],
    [`${TRAINING}/k`, { Title__c: 'x'.repeat(256) }, 400, 'STRING_TOO_LONG'],
    [`${TRAINING}/k`, { Learner_Email__c: 'nobody' }, 400, 'INVALID_EMAIL_ADDRESS'],
    [`${TRAINING}/k`, { Status__c: 'Fine' }, 400, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST'],
    [`${TRAINING}/a%2Fb`, {}, 404, 'NOT_FOUND'],
    [`${TRAINING}/a.json`, {}, 404, 'NOT_FOUND'],
    ['/sobjects/Training_Status__c/Title__c/k', {}, 404, 'NOT_FOUND'],
    ['/sobjects/Nothing__c/External_Key__c/k', {}, 404, 'NOT_FOUND'],
    ['/sobjects/Contact/MindTickle_User_Id__c/mt-1', { Email: 'a@example.com' }, 400, 'REQUIRED_FIELD_MISSING'],
    ['/elsewhere', {}, 404, 'NOT_FOUND'],
  ])('%s %j is %i %s', async (path, body, status, code) => {
    await expect(call(await start(), 'PATCH', path, body)).resolves.toMatchObject(fails(status, code));
  });

  test('accepts a unique value once', async () => {
    const standIns = await start();
    const contact = { LastName: 'One', Email: 'one@example.com' };
    await call(standIns, 'PATCH', '/sobjects/Contact/MindTickle_User_Id__c/mt-1', contact);
    const { salesforce } = await stateOf(standIns);
    const other = salesforce.records.find(({ type }) => type === 'Contact');
    await expect(
      call(standIns, 'PATCH', `/sobjects/Contact/${other?.Id ?? ''}`, { MindTickle_User_Id__c: 'mt-1' }),
    ).resolves.toMatchObject(fails(400, 'DUPLICATE_VALUE'));
  });

  test('is of a version that there is', async () => {
    const standIns = await start();
    const session = (await grant(standIns)).body['access_token'] ?? '';
    for (const version of ['v45.0', 'v99.0', 'v62', 'latest'])
      await expect(
        callBy(standIns, session, 'PATCH', `/services/data/${version}${TRAINING}/k`, {}),
      ).resolves.toMatchObject(fails(404, 'NOT_FOUND'));
  });
});

describe('PATCH of a collection', () => {
  const record = (key: unknown, fields: object = {}) => ({
    attributes: { type: 'Training_Status__c' },
    External_Key__c: key,
    ...fields,
  });

  test('writes each record on its own, and answers in their order', async () => {
    const standIns = await start();
    await call(standIns, 'PATCH', `${TRAINING}/there`, {});
    const records = [
      record('new', { Score__c: 1 }),
      record('bad', { Status__c: 'Fine' }),
      record('there'),
      record('twice'),
      record('twice'),
      record(null),
    ];
    const { status, body } = await call(standIns, 'PATCH', COLLECTION, { allOrNone: false, records });
    expect(status).toBe(200);
    const failed = (statusCode: string) => ({ success: false, errors: [{ statusCode }] });
    expect(body).toMatchObject([
      { success: true, created: true, errors: [] },
      failed('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST'),
      { success: true, created: false },
      failed('DUPLICATE_VALUE'),
      failed('DUPLICATE_VALUE'),
      failed('MISSING_ARGUMENT'),
    ]);
  });

  test('as a whole cannot be read with an unknown field, another type, or more than 200', async () => {
    const standIns = await start();
    const send = (records: readonly object[]) => call(standIns, 'PATCH', COLLECTION, { allOrNone: false, records });
    await expect(send([record('a'), record('b', { Nope__c: 1 })])).resolves.toMatchObject(fails(400, 'INVALID_FIELD'));
    await expect(send([{ attributes: { type: 'Contact' } }])).resolves.toMatchObject(fails(400, 'INVALID_INPUT'));
    await expect(send([{ External_Key__c: 'a' }])).resolves.toMatchObject(fails(400, 'INVALID_INPUT'));
    const many = Array.from({ length: 201 }, (_, index) => record(`k${index}`));
    await expect(send(many)).resolves.toMatchObject(fails(400, 'INVALID_INPUT'));
    await expect(send(many.slice(1))).resolves.toMatchObject({ status: 200 });
  });
});

describe('what it holds', () => {
  test('survives a restart, but no session does', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stand-ins-'));
    const stateFile = join(directory, 'state.json');
    const first = await start({ stateFile });
    const session = (await grant(first)).body['access_token'] ?? '';
    await call(first, 'PATCH', `${TRAINING}/k`, { Score__c: 70 });
    await first.stop();
    const second = await start({ stateFile });
    const path = `/services/data/v62.0${TRAINING}/k`;
    await expect(callBy(second, session, 'PATCH', path, {})).resolves.toMatchObject({ status: 401 });
    await expect(call(second, 'PATCH', `${TRAINING}/k`, {})).resolves.toMatchObject({ status: 200 });
    await second.stop();
    rmSync(directory, { recursive: true });
  });

  test('is misbehaved about in Salesforce’s own words', async () => {
    const standIns = await start();
    const session = (await grant(standIns)).body['access_token'] ?? '';
    const ask = () => callBy(standIns, session, 'PATCH', `/services/data/v62.0${TRAINING}/k`, {});
    for (const [status, code] of [
      [400, 'UNABLE_TO_LOCK_ROW'],
      [403, 'REQUEST_LIMIT_EXCEEDED'],
      [503, 'SERVER_UNAVAILABLE'],
      [500, 'UNKNOWN_EXCEPTION'],
    ] as const) {
      await setFault(standIns, 'salesforce', { mode: 'error', status, calls: 1 });
      await expect(ask()).resolves.toMatchObject(fails(status, code));
    }
    await setFault(standIns, 'salesforce', { mode: 'error', status: 503, calls: 1 });
    await expect(grant(standIns)).resolves.toMatchObject({ status: 503, body: { error: 'server_error' } });
    await expect(ask()).resolves.toMatchObject({ status: 201 });
  });
});
