import { generateKeyPairSync } from 'node:crypto';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { ConnectorActivities } from '../../../activities';
import { externalKey, isEqual } from '../../../activities/salesforce/record';
import { readConfigFile, type SystemSettings } from '../../../src/settings';
import { DEFAULT_SALESFORCE_NAMES, type Fact, type SalesforceNames } from '../../../src/domain';
import { effectsOf, recordEvent } from '../../../src/ledger';
import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { completed, MONDAY, progressed, provisioned, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { setFault, start, stateOf, stopAll } from '../../dev/stand-ins/running';
import {
  at,
  connectTo,
  delayOf,
  emptyLedger,
  failOnce,
  leaves,
  rowsOf,
  runOnce,
  serve,
  TOKEN,
  workflow,
  written,
  type ConnectorOptions,
  type Functions,
  type Workflow,
} from '../running';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
type Salesforce = Functions<ConnectorActivities['salesforce']>;
let salesforce: Salesforce;
/** What the stand-ins' clock is ahead of ours, in ms. */
let ahead = 0;

beforeAll(async () => {
  const now = () => new Date(Date.now() + ahead);
  [ledger, standIns] = await Promise.all([openLedger(), start({ now, signInKey: keys.publicKey })]);
  pool = ledger.pool;
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  ahead = 0;
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
  salesforce = salesforceBy();
});

const settings = () => at.salesforce(`${standIns.url}/salesforce`);

/** The connector with its surroundings in the test's hands. */
function salesforceBy({
  settings: given = settings(),
  ...options
}: ConnectorOptions & { readonly settings?: SystemSettings['salesforce'] } = {}): Salesforce {
  return connectTo(pool, 'salesforce', given, options);
}

const { omar, carla, nina, mona } = people;
const training = {
  userId: carla.userId,
  email: carla.email,
  courseId: 'id of Safety',
  courseName: 'Safety',
  score: 80,
  completedAt: '2026-03-02T09:00:00.000Z',
};
const certificate = {
  userId: carla.userId,
  email: carla.email,
  certName: ' Negotiation ',
  status: 'lapsed',
  deadline: '2026-04-01T00:00:00.000Z',
} as const;
const hire = { userId: nina.userId, email: nina.email, role: 'rep', teamId: 'west' };

async function records(type: string) {
  const { salesforce: held } = await stateOf(standIns);
  return held.records.filter((record) => record.type === type);
}

async function isFrozen(email: string): Promise<unknown> {
  const user = (await records('User')).find(({ Username }) => Username === email);
  return (await records('UserLogin')).find(({ UserId }) => UserId === user?.Id)?.['IsFrozen'];
}

/** The calls as Salesforce saw them: method and what follows the version. */
async function calls(): Promise<string[]> {
  const { calls: all } = await stateOf(standIns);
  return all
    .filter(({ system }) => system === 'salesforce')
    .map(
      ({ method, path, status }) =>
        `${method} ${path.replace(/^.*\/(v62\.0|oauth2)/, '').replace(/\?.*/, '')} ${status}`,
    );
}

const writes = async () => (await calls()).filter((call) => call.startsWith('PATCH'));
const signIns = async () => (await calls()).filter((call) => call.startsWith('POST'));

let events = 0;
const knows = (fact: Fact) => recordEvent(pool, request(`event-${(events += 1)}`, fact));

/** Answers each request but the sign-in by `answer`. */
async function answering(
  answer: (count: number) => { status: number; body: unknown; headers?: Record<string, string> },
) {
  let count = 0;
  const server = await serve((incoming, response) => {
    if (incoming.url?.endsWith('/oauth2/token')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: 'session', instance_url: `http://${incoming.headers.host ?? ''}` }));
      return;
    }
    const { status, body, headers = {} } = answer((count += 1));
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { ...server, settings: { ...settings(), loginUrl: server.url }, calls: () => count };
}

/** What comes of a training whose every call Salesforce answers so. */
async function failureOf(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<ApplicationFailure> {
  const server = await answering(() => ({ status, body, headers }));
  const { upsertTraining } = salesforceBy({ settings: server.settings });
  const failure = await failOnce(upsertTraining, training);
  await server.stop();
  return failure;
}

const error = (errorCode: string) => [{ errorCode, message: `carla.rossi@example.com ${errorCode}`, fields: [] }];

describe('externalKey', () => {
  test('is made of safe characters, and different parts make different keys', () => {
    expect(externalKey('mt-1', 'c-2')).toBe('mt-1:c-2');
    const parts = ['a/b?c#d%e.f', 'a:b', 'a_b', 'a', 'ä', 'Ł漢', '😀', 'A', '_3A', '', ' '];
    const all = parts.flatMap((one) => parts.map((other) => externalKey(one, other)));
    expect(new Set(all).size).toBe(parts.length ** 2);
    for (const key of all) expect(key).toMatch(/^[\w-]*:[\w-]*$/);
    expect(externalKey('a', 'b', 'c')).not.toBe(externalKey('a', 'b:c'));
  });

  test('fits its field, and long ids that begin alike stay apart', () => {
    const [one, other] = ['1', '2'].map((end) => externalKey('用'.repeat(200) + end, 'certificate', 'ü'.repeat(300)));
    expect(one?.length).toBeLessThanOrEqual(255);
    expect(one).not.toBe(other);
  });
});

describe('upsertTraining', () => {
  test('makes one record a learner and course, whatever comes twice', async () => {
    const run = workflow();
    const standing = { score: 80, completedAt: training.completedAt };
    await expect(run.run(salesforce.upsertTraining, run.step('crm'), training)).resolves.toEqual(standing);
    await expect(run.run(salesforce.upsertTraining, run.step('crm'), training)).resolves.toEqual(standing);
    const other = workflow();
    await other.run(salesforce.upsertTraining, other.step('crm'), training);
    expect(await records('Training_Status__c')).toEqual([
      {
        type: 'Training_Status__c',
        Id: expect.any(String) as string,
        External_Key__c: 'mt-carla:id_20of_20Safety',
        Learner_Id__c: 'mt-carla',
        Learner_Email__c: 'carla.rossi@example.com',
        Kind__c: 'course',
        Title__c: 'Safety',
        Status__c: 'Completed',
        Score__c: 80,
        Completed_At__c: training.completedAt,
      },
    ]);
    expect(await calls()).toEqual([
      'POST /token 200',
      'PATCH /sobjects/Training_Status__c/External_Key__c/mt-carla%3Aid_20of_20Safety 201',
      'GET /query 200',
      'PATCH /sobjects/Training_Status__c/External_Key__c/mt-carla%3Aid_20of_20Safety 200',
    ]);
    const key = 'mt-carla:id_20of_20Safety';
    expect(await rowsOf(pool, run)).toEqual([
      {
        step: 'crm',
        naturalKey: `training:${key}`,
        status: 'done',
        would: { object: 'Training_Status__c', key, ...standing },
        before: null,
        mode: 'on',
      },
    ]);
  });

  test('writes the best that the ledger knows, not the last', async () => {
    await knows(completed(carla.userId, { score: 95 }));
    await knows(completed(carla.userId, { score: 80, at: MONDAY + 1000 }));
    await runOnce(salesforce.upsertTraining, {
      ...training,
      completedAt: new Date(MONDAY + 1000).toISOString(),
    });
    expect(await records('Training_Status__c')).toMatchObject([
      { Score__c: 95, Completed_At__c: training.completedAt },
    ]);
  });

  test('a better completion that comes while it writes stands in the end, whoever writes last', async () => {
    await knows(completed(carla.userId, { score: 80 }));
    const better = workflow();
    const stood: object[] = [];
    let isFirst = true;
    const slow = salesforceBy({
      fetch: async (input, init) => {
        if (init?.method === 'PATCH' && isFirst) {
          isFirst = false;
          await knows(completed(carla.userId, { score: 97, at: MONDAY + 1000 }));
          const best = { ...training, score: 97, completedAt: new Date(MONDAY + 1000).toISOString() };
          await better.run(salesforce.upsertTraining, better.step('crm'), best);
          stood.push(...(await records('Training_Status__c')));
        }
        return fetch(input, init);
      },
    });
    const run = workflow();
    await expect(run.run(slow.upsertTraining, run.step('crm'), training)).resolves.toMatchObject({ score: 97 });
    expect(stood).toMatchObject([{ Score__c: 97 }]);
    expect((await writes()).length).toBe(3);
    expect(await records('Training_Status__c')).toMatchObject([{ Score__c: 97 }]);
  });

  test('many completions at once leave the best', async () => {
    const scores = [60, 99, 70, 85, 90, 65];
    await Promise.all(
      scores.map(async (score, index) => {
        const at = MONDAY + index * 1000;
        await knows(completed(carla.userId, { score, at }));
        const one = { ...training, score, completedAt: new Date(at).toISOString() };
        await runOnce(salesforce.upsertTraining, one);
      }),
    );
    expect(await records('Training_Status__c')).toMatchObject([{ Score__c: 99 }]);
    expect(await signIns()).toHaveLength(1);
  });

  test.each(['a/b?x#y z%2F', '../../Contact/Id', 'ü Ł 漢 😀', "o'Brien\\", 'a.json', 'half \ud83d pair'])(
    'the id %j makes a record of its own',
    async (courseId) => {
      for (const id of [courseId, 'a']) {
        await runOnce(salesforce.upsertTraining, { ...training, userId: courseId, courseId: id });
      }
      expect(await records('Training_Status__c')).toHaveLength(2);
      expect(await calls()).toEqual(expect.not.arrayContaining([expect.stringMatching(/ [45]\d\d$/)]));
    },
  );

  test('a title longer than its field is cut, an unknown address is left as it is', async () => {
    const run = workflow();
    await run.run(salesforce.upsertTraining, run.step('crm'), training);
    const again = workflow();
    await again.run(salesforce.upsertTraining, again.step('crm'), {
      ...training,
      email: null,
      courseName: `${'x'.repeat(254)}😀`,
    });
    const [record] = await records('Training_Status__c');
    expect(record).toMatchObject({ Title__c: 'x'.repeat(254), Learner_Email__c: carla.email });
  });

  test('writes under the names of the org, and leaves out what it has no field for', async () => {
    const { policy } = readConfigFile(undefined);
    const names = { ...DEFAULT_SALESFORCE_NAMES, keyField: 'MindTickle_User_Id__c', trainingObject: 'Contact' };
    const none = Object.fromEntries(Object.keys(names.trainingFields).map((name) => [name, null]));
    const fields = { ...none, title: 'LastName', email: 'Email' } as unknown as typeof names.trainingFields;
    const own = salesforceBy({ policy: { ...policy, salesforce: { ...names, trainingFields: fields } } });
    await runOnce(own.upsertTraining, { ...training, email: 'c@example.com' });
    expect((await records('Contact')).at(-1)).toMatchObject({ LastName: 'Safety', Email: 'c@example.com' });
  });
});

describe('a record that somebody changed since it was written', () => {
  const change = async (fields: object): Promise<void> => {
    const run = workflow();
    const own = { ...DEFAULT_SALESFORCE_NAMES, ...fields };
    const by = salesforceBy({ policy: { salesforce: own } });
    await run.run(by.upsertTraining, run.step('crm'), training);
    await run.run(by.markCertificate, run.step('lapse'), certificate);
  };

  test('is written again by the same step', async () => {
    const run = workflow();
    const write = async (): Promise<void> => {
      await run.run(salesforce.upsertTraining, run.step('crm'), training);
      await run.run(salesforce.markCertificate, run.step('lapse'), certificate);
    };
    await write();
    const stood = await records('Training_Status__c');
    const others = { ...DEFAULT_SALESFORCE_NAMES.statuses, completed: 'In progress', lapsed: 'Certified' };
    await change({ statuses: others });
    expect(await records('Training_Status__c')).not.toEqual(stood);
    await write();
    expect(await records('Training_Status__c')).toEqual(stood);
    const before = (await writes()).length;
    await write();
    expect(await writes()).toHaveLength(before);
  });
});

describe('isEqual', () => {
  test('knows a time and an address in the words of Salesforce', () => {
    expect(isEqual('2026-03-02T09:00:00.000+0000', '2026-03-02T09:00:00Z')).toBe(true);
    expect(isEqual('2026-03-02T09:00:01.000+0000', '2026-03-02T09:00:00Z')).toBe(false);
    expect(isEqual('carla@example.com', 'Carla@example.com')).toBe(true);
    expect(isEqual('1', '1.0')).toBe(false);
    expect(isEqual(undefined, null)).toBe(true);
    expect(isEqual(80, 81)).toBe(false);
  });
});

describe('markCertificate', () => {
  test('keeps one record a learner and certificate, apart from a course of that name', async () => {
    const run = workflow();
    await run.run(salesforce.markCertificate, run.step('lapse'), certificate);
    const renewed = { ...certificate, certName: 'negotiation', status: 'certified', deadline: null } as const;
    await expect(run.run(salesforce.markCertificate, run.step('renew'), renewed)).resolves.toBe('done');
    await run.run(salesforce.upsertTraining, run.step('crm'), { ...training, courseId: 'negotiation' });
    expect(await records('Training_Status__c')).toMatchObject([
      { External_Key__c: 'mt-carla:certificate:negotiation', Status__c: 'Certified', Renewal_Deadline__c: null },
      { External_Key__c: 'mt-carla:negotiation', Status__c: 'Completed' },
    ]);
  });

  test('observed, it writes nothing', async () => {
    const run = workflow();
    const step = run.step('lapse', { mode: 'observe' });
    await expect(run.run(salesforce.markCertificate, step, certificate)).resolves.toBe('observed');
    expect(await writes()).toEqual([]);
  });
});

describe('restoreCertificate', () => {
  const person = { userId: carla.userId, email: null };
  const standing = async () =>
    (await records('Training_Status__c')).map(({ Status__c, Renewal_Deadline__c }) => [Status__c, Renewal_Deadline__c]);
  const mark = (run: Workflow, step: string, change: Partial<typeof certificate> | object = {}) =>
    run.run(salesforce.markCertificate, run.step(step), { ...certificate, ...change });
  const restore = (run: Workflow, of: string) =>
    run.run(salesforce.restoreCertificate, run.step(`undo ${of}`), person, of);

  test('puts back what stood there before each step, the last first', async () => {
    const run = workflow();
    await mark(workflow(), 'earlier', { status: 'certified', deadline: null });
    await mark(run, 'required', { status: 'required' });
    await mark(run, 'lapsed');
    await expect(restore(run, 'lapsed')).resolves.toBe('done');
    expect(await standing()).toMatchObject([
      ['Recertification required', expect.stringContaining('2026-04-01') as string],
    ]);
    await expect(restore(run, 'required')).resolves.toBe('done');
    expect(await standing()).toEqual([['Certified', null]]);
    await expect(restore(run, 'required')).resolves.toBe('done');
  });

  test('where there was no record it says that the learner is certified', async () => {
    const run = workflow();
    await mark(run, 'required', { status: 'required' });
    await restore(run, 'required');
    expect(await standing()).toEqual([['Certified', null]]);
  });

  test('leaves what somebody has changed since, and what never happened', async () => {
    const run = workflow();
    await mark(run, 'required', { status: 'required' });
    await mark(workflow(), 'other', { status: 'lapsed' });
    await expect(restore(run, 'required')).resolves.toBe('unchanged');
    await expect(restore(run, 'nothing')).resolves.toBe('unchanged');
    expect((await standing())[0]?.[0]).toBe('Lapsed');
  });

  test('gives a leaver nothing back', async () => {
    const run = workflow();
    await mark(run, 'required', { status: 'required' });
    await leaves(pool, carla.userId);
    await expect(restore(run, 'required')).resolves.toBe('not active');
  });
});

describe('linkContact', () => {
  const contactOf = async (email: string) => (await records('Contact')).filter(({ Email }) => Email === email);

  test('makes a contact where there is none, and twice is once', async () => {
    const run = workflow();
    await expect(run.run(salesforce.linkContact, run.step('contact'), hire)).resolves.toBe('done');
    await expect(run.run(salesforce.linkContact, run.step('contact'), hire)).resolves.toBe('done');
    const other = workflow();
    await expect(other.run(salesforce.linkContact, other.step('contact'), hire)).resolves.toBe('unchanged');
    expect(await contactOf(nina.email)).toMatchObject([
      { LastName: 'nina.kowalska', MindTickle_User_Id__c: 'mt-nina', Title: 'rep', Department: 'west' },
    ]);
    expect(JSON.stringify(await effectsOf(pool, run.workflowId))).not.toContain('nina.kowalska');
  });

  test('links the contact of the address, and fills only what is blank', async () => {
    const of = { userId: omar.userId, email: omar.email.toUpperCase(), role: 'rep', teamId: 'west' };
    await expect(runOnce(salesforce.linkContact, of)).resolves.toBe('done');
    expect(await contactOf(omar.email)).toMatchObject([
      { LastName: 'Haddad', Title: 'Account Executive', Department: 'west', MindTickle_User_Id__c: 'mt-omar' },
    ]);
  });

  test('a contact of the address that is another learner’s is not taken', async () => {
    const run = workflow();
    await run.run(salesforce.linkContact, run.step('contact'), hire);
    const other = workflow();
    const failure = await other.failure(salesforce.linkContact, other.step('contact'), { ...hire, userId: 'mt-2' });
    expect(failure).toMatchObject({
      type: 'salesforce.rejected',
      message: expect.stringContaining('another learner') as string,
    });
    expect(written(failure)).not.toContain('nina');
  });

  test('of a contact by the id and another by the address none is changed, and both are named', async () => {
    const contacts = [
      { Id: '0031', Email: 'old@example.com', MindTickle_User_Id__c: hire.userId },
      { Id: '0032', Email: hire.email, MindTickle_User_Id__c: null },
    ];
    const server = await answering(() => ({ status: 200, body: { done: true, records: contacts } }));
    const { linkContact } = salesforceBy({ settings: server.settings });
    await expect(failOnce(linkContact, hire)).resolves.toMatchObject({
      type: 'salesforce.rejected',
      message: expect.stringMatching(
        /^salesforce has contact 0031 by MindTickle's user id, but contact 0032 by the address: nothing is changed/,
      ) as string,
    });
    await server.stop();
  });

  test('of several contacts of one address none is changed', async () => {
    const server = await answering(() => ({
      status: 200,
      body: { done: true, records: [{ Id: '1' }, { Id: '2' }] },
    }));
    const { linkContact } = salesforceBy({ settings: server.settings });
    await expect(failOnce(linkContact, hire)).resolves.toMatchObject({
      type: 'salesforce.rejected',
      message: expect.stringContaining('several contacts') as string,
    });
    expect(server.calls()).toBe(1);
    await server.stop();
  });

  test('without an address there is nobody to make', async () => {
    await expect(runOnce(salesforce.linkContact, { ...hire, email: null })).resolves.toBe('absent');
  });

  test('is made once when its answer is lost, and the retry knows it', async () => {
    let isFirst = true;
    const losing = salesforceBy({
      fetch: async (input, init) => {
        if (init?.method === 'PATCH' && isFirst) {
          isFirst = false;
          await setFault(standIns, 'salesforce', { mode: 'lost-response', calls: 1 });
        }
        return fetch(input, init);
      },
    });
    const run = workflow();
    await run.failure(losing.linkContact, run.step('contact'), hire);
    await expect(run.run(losing.linkContact, run.step('contact'), hire)).resolves.toBe('done');
    expect(await contactOf(nina.email)).toHaveLength(1);
    expect(await writes()).toHaveLength(1);
  });

  test('an id and an address that hold anything are texts, not queries', async () => {
    for (const userId of ["x' OR Id != '", 'a/b?c#d%2F.json', 'back\\slash', 'ü 漢', 'two\nlines\tand "quotes"']) {
      const run = workflow();
      const one = { ...hire, userId, email: `o'hara+${encodeURIComponent(userId)}@example.com` };
      await expect(run.run(salesforce.linkContact, run.step('contact'), one)).resolves.toBe('done');
      const again = workflow();
      await expect(again.run(salesforce.linkContact, again.step('contact'), one)).resolves.toBe('unchanged');
      expect((await records('Contact')).at(-1)).toMatchObject({ MindTickle_User_Id__c: userId });
    }
  });

  test('observed, it writes nothing', async () => {
    const run = workflow();
    const step = run.step('contact', { mode: 'observe' });
    await expect(run.run(salesforce.linkContact, step, hire)).resolves.toBe('observed');
    expect(await writes()).toEqual([]);
  });
});

describe('freezeCrmUser', () => {
  test('ends the sign-in, keeps what stood before, and twice is once', async () => {
    const run = workflow();
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), omar)).resolves.toBe('done');
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), omar)).resolves.toBe('done');
    expect(await isFrozen(omar.email)).toBe(true);
    expect(await writes()).toHaveLength(1);
    expect(await rowsOf(pool, run)).toMatchObject([
      { status: 'done', would: { frozen: true }, before: { frozen: false, userLogin: expect.any(String) as string } },
    ]);
  });

  test('one who was unfrozen meanwhile is frozen by the same step', async () => {
    const run = workflow();
    await run.run(salesforce.freezeCrmUser, run.step('crm'), omar);
    await run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm');
    await expect(run.run(salesforce.readCrmAccess, omar)).resolves.toEqual({ state: 'open' });
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), omar)).resolves.toBe('done');
    await expect(run.run(salesforce.readCrmAccess, omar)).resolves.toEqual({ state: 'ended' });
    expect(await isFrozen(omar.email)).toBe(true);
    await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('done');
    expect(await isFrozen(omar.email)).toBe(false);
  });

  test('one who is frozen already is left so, and not by us', async () => {
    const first = workflow();
    await first.run(salesforce.freezeCrmUser, first.step('crm'), omar);
    const run = workflow();
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), omar)).resolves.toBe('unchanged');
    expect(await rowsOf(pool, run)).toEqual([]);
  });

  test('a username is surer than an address that several have', async () => {
    await expect(runOnce(salesforce.freezeCrmUser, mona)).resolves.toBe('done');
    expect(await isFrozen(mona.email)).toBe(true);
    expect(await isFrozen('mindtickle.integration@example.com')).toBe(false);
  });

  test('one whom Salesforce does not know is absent', async () => {
    const run = workflow();
    const nobody = { userId: 'mt-nobody', email: 'nobody@example.com' };
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), nobody)).resolves.toBe('absent');
    await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), { ...nobody, email: null })).resolves.toBe(
      'absent',
    );
  });

  const user = (fields: object) => ({
    Id: '005',
    Username: 'x',
    Email: 'a@example.com',
    FederationIdentifier: null,
    IsActive: true,
    ...fields,
  });
  const person = { userId: 'mt-1', email: 'a@example.com' };

  async function asked(users: readonly object[], names: SalesforceNames = DEFAULT_SALESFORCE_NAMES) {
    const server = await answering((count) =>
      count === 1
        ? { status: 200, body: { done: true, records: users } }
        : { status: 200, body: { done: true, records: [{ Id: '0Yw1', IsFrozen: true }] } },
    );
    const { freezeCrmUser } = salesforceBy({ settings: server.settings, policy: { salesforce: names } });
    const answer = await runOnce(freezeCrmUser, person).catch((failure: unknown) => failure);
    await server.stop();
    return answer;
  }

  test('of several users of one address none is changed; one who is active is meant before the others', async () => {
    await expect(asked([user({}), user({ Id: '006' })])).resolves.toMatchObject({ type: 'salesforce.rejected' });
    await expect(asked([user({}), user({ Id: '006', IsActive: false })])).resolves.toBe('unchanged');
    await expect(asked([user({}), user({ FederationIdentifier: 'MT-1' })])).resolves.toBe('unchanged');
  });

  const disagree = (found: string, otherwise: string): object => ({
    type: 'salesforce.rejected',
    nonRetryable: true,
    message:
      `salesforce has user ${found}, but ${otherwise}: nothing is changed ` +
      '(correct the wrong one, then retryStep, or identify or skipStep)',
  });
  const byId = "by MindTickle's user id";

  test.each<[string, object[], object]>([
    [
      'the address has gone to another learner',
      [user({ FederationIdentifier: 'u-new' })],
      disagree('005 by the address', 'its FederationIdentifier is "u-new", not "mt-1"'),
    ],
    [
      'so has the username',
      [user({ Username: 'A@example.com', Email: 'x@example.com', FederationIdentifier: 'jane@example.com' })],
      disagree('005 by the address', 'its FederationIdentifier is somebody else, not "mt-1"'),
    ],
    [
      'one has the id, and another the username',
      [user({ Username: 'a@example.com' }), user({ Id: '006', Email: 'b@example.com', FederationIdentifier: 'mt-1' })],
      disagree(`006 ${byId}`, 'user 005 by the address'),
    ],
    [
      'one has the id, and another the address',
      [user({}), user({ Id: '006', Email: 'b@example.com', FederationIdentifier: 'MT-1' })],
      disagree(`006 ${byId}`, 'user 005 by the address'),
    ],
    [
      'one who is gone has the username, and another the address',
      [user({ Username: 'a@example.com', IsActive: false }), user({ Id: '006' })],
      disagree('005 by the address', 'user 006 by the address'),
    ],
  ])('where keys disagree none is changed, and both are named: %s', async (_what, users, failure) => {
    await expect(asked(users)).resolves.toMatchObject(failure);
  });

  test.each<[string, object[]]>([
    ['the id, and no other has the address', [user({ Email: 'new@example.com', FederationIdentifier: 'mt-1' })]],
    ['the id and the address, which another has too', [user({ FederationIdentifier: 'mt-1' }), user({ Id: '006' })]],
    [
      'the id, and the address has gone to one who is gone',
      [user({ Email: 'b@example.com', FederationIdentifier: 'mt-1' }), user({ Id: '006', IsActive: false })],
    ],
    ['the address for its single sign-on', [user({ FederationIdentifier: 'A@example.com' })]],
  ])('one is meant who has %s', async (_what, users) => {
    await expect(asked(users)).resolves.toBe('unchanged');
  });

  test('where the policy says that no field has the user id, none is compared', async () => {
    const users = [user({ FederationIdentifier: '00u1' })];
    await expect(asked(users, { ...DEFAULT_SALESFORCE_NAMES, userIdField: null })).resolves.toBe('unchanged');
  });

  test('whom the policy protects is not changed, by any of their names', async () => {
    for (const name of [omar.userId, omar.email.toUpperCase()]) {
      const guarded = salesforceBy({ policy: { protected: { users: [name], groups: [] } } });
      await expect(failOnce(guarded.freezeCrmUser, omar)).resolves.toMatchObject({
        type: 'salesforce.rejected',
      });
    }
    expect(await isFrozen(omar.email)).toBe(false);
  });

  test('observed, it reads, writes nothing and leaves a row', async () => {
    const run = workflow();
    const step = run.step('crm', { mode: 'observe' });
    await expect(run.run(salesforce.freezeCrmUser, step, omar)).resolves.toBe('observed');
    expect(await isFrozen(omar.email)).toBe(false);
    expect(await rowsOf(pool, run)).toMatchObject([{ status: 'observed', would: { frozen: true } }]);
  });
});

describe('restoreCrmUser', () => {
  test('gives the sign-in back, and twice is once', async () => {
    const run = workflow();
    await run.run(salesforce.freezeCrmUser, run.step('crm'), omar);
    for (let time = 0; time < 2; time += 1)
      await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('done');
    expect(await isFrozen(omar.email)).toBe(false);
    expect(await writes()).toHaveLength(2);
  });

  test('what was undone is done again, and undone again, by the same steps', async () => {
    const run = workflow();
    for (let round = 0; round < 2; round += 1) {
      await expect(run.run(salesforce.freezeCrmUser, run.step('crm'), omar)).resolves.toBe('done');
      expect(await isFrozen(omar.email)).toBe(true);
      await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('done');
      expect(await isFrozen(omar.email)).toBe(false);
    }
  });

  test('finds the user that was frozen, whatever their address is by now', async () => {
    const run = workflow();
    await run.run(salesforce.freezeCrmUser, run.step('crm'), omar);
    const renamed = { ...omar, email: 'omar@example.org' };
    await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), renamed, 'crm')).resolves.toBe('done');
    expect(await isFrozen(omar.email)).toBe(false);
  });

  test('undoes a freeze whose answer was lost, and none that never got through', async () => {
    for (const mode of ['lost-response', 'error']) {
      const run = workflow();
      const failing = salesforceBy({
        fetch: async (input, init) => {
          if (init?.method === 'PATCH') await setFault(standIns, 'salesforce', { mode, calls: 1 });
          return fetch(input, init);
        },
      });
      await run.failure(failing.freezeCrmUser, run.step('crm'), omar);
      expect(await isFrozen(omar.email)).toBe(mode === 'lost-response');
      await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe(
        mode === 'lost-response' ? 'done' : 'unchanged',
      );
      expect(await isFrozen(omar.email)).toBe(false);
    }
  });

  test('what never happened, or was observed, needs no undoing', async () => {
    const run = workflow();
    await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('unchanged');
    await run.run(salesforce.freezeCrmUser, run.step('crm', { mode: 'observe' }), omar);
    await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('unchanged');
    expect(await writes()).toEqual([]);
  });

  test('gives a leaver nothing back', async () => {
    const run = workflow();
    await run.run(salesforce.freezeCrmUser, run.step('crm'), omar);
    await leaves(pool, omar.userId);
    await expect(run.run(salesforce.restoreCrmUser, run.step('undo'), omar, 'crm')).resolves.toBe('not active');
    expect(await isFrozen(omar.email)).toBe(true);
  });
});

describe('syncProgressRecords', () => {
  const on = { mode: 'on' } as const;
  const sync = (request: Parameters<Salesforce['syncProgressRecords']>[0] = on) =>
    workflow().run(salesforce.syncProgressRecords, request);
  const modules = async () =>
    (await records('Training_Status__c')).map(({ External_Key__c: key, Progress__c: percent }) => [key, percent]);

  test('brings what has changed since the last time, once', async () => {
    await knows(provisioned(carla.userId, { email: carla.email }));
    await knows(progressed(carla.userId, { percent: 40 }));
    await knows(progressed('mt-2', { percent: 100, seconds: 7 }));
    const none = { observed: 0, refused: 0, examples: [], more: false };
    await expect(sync()).resolves.toEqual({ synced: 2, ...none });
    expect(await records('Training_Status__c')).toMatchObject([
      {
        External_Key__c: 'mt-carla:module:module',
        Learner_Email__c: carla.email,
        Kind__c: 'module',
        Status__c: 'In progress',
        Progress__c: 40,
      },
      { External_Key__c: 'mt-2:module:module', Status__c: 'Completed', Progress__c: 100, Time_Spent_Seconds__c: 7 },
    ]);
    await expect(sync()).resolves.toEqual({ synced: 0, ...none });
    // Older news changes nothing, and is nothing to bring.
    await knows(progressed(carla.userId, { percent: 30, at: MONDAY - 1000 }));
    await expect(sync()).resolves.toMatchObject({ synced: 0 });
    await knows(progressed(carla.userId, { percent: 60, at: MONDAY + 1000 }));
    await expect(sync()).resolves.toMatchObject({ synced: 1 });
    expect(await modules()).toEqual([
      ['mt-carla:module:module', 60],
      ['mt-2:module:module', 100],
    ]);
    expect(await writes()).toEqual(Array(2).fill('PATCH /composite/sobjects/Training_Status__c/External_Key__c 200'));
  });

  test('one record that is refused keeps no other back, is named, and is tried again when it changes', async () => {
    for (const userId of ['mt-1', 'mt-bad', 'mt-3']) {
      await knows(provisioned(userId, { email: userId === 'mt-bad' ? 'no address' : `${userId}@example.com` }));
      await knows(progressed(userId));
    }
    await expect(sync()).resolves.toMatchObject({
      synced: 2,
      refused: 1,
      examples: [{ key: 'mt-bad:module:module', code: 'INVALID_EMAIL_ADDRESS' }],
      more: false,
    });
    expect((await modules()).map(([key]) => key)).toEqual(['mt-1:module:module', 'mt-3:module:module']);
    await expect(sync()).resolves.toMatchObject({ synced: 0, refused: 0 });
    await pool.query(`update learners set email = 'good@example.com' where user_id = 'mt-bad'`);
    await knows(progressed('mt-bad', { percent: 20, at: MONDAY + 1000 }));
    await expect(sync()).resolves.toMatchObject({ synced: 1, refused: 0 });
  });

  test('a record that is locked is left for the next housekeeping', async () => {
    await knows(progressed('mt-1'));
    const server = await answering(() => ({
      status: 200,
      body: [{ success: false, errors: [{ statusCode: 'UNABLE_TO_LOCK_ROW', message: 'locked', fields: [] }] }],
    }));
    const { syncProgressRecords } = salesforceBy({ settings: server.settings });
    await expect(workflow().run(syncProgressRecords, on)).resolves.toMatchObject({
      synced: 0,
      refused: 1,
      more: false,
    });
    await expect(workflow().run(syncProgressRecords, on)).resolves.toMatchObject({ refused: 0 });
    expect(server.calls()).toBe(1);
    const { rows } = await pool.query("select sync_at - now() < interval '11 minutes' as soon from progress");
    expect(rows).toEqual([{ soon: true }]);
    await server.stop();
  });

  test('goes by two hundred a call, a thousand an activity, with a heartbeat between', async () => {
    await pool.query(
      `insert into progress (user_id, module_id, module_name, percent, seconds, at, event_id)
       select 'mt-' || n, 'm', 'Module', 10, 60, now(), 'e' from generate_series(1, 1150) n`,
    );
    await expect(sync()).resolves.toMatchObject({ synced: 1000, more: true });
    await expect(sync()).resolves.toMatchObject({ synced: 150, more: false });
    expect(await records('Training_Status__c')).toHaveLength(1150);
    expect(await writes()).toHaveLength(6);
  });

  test('a batch whose answer is lost is written again, and makes no second record', async () => {
    await knows(progressed('mt-1'));
    await sync({ mode: 'observe' });
    const run = workflow();
    const warm = await run.run(salesforce.freezeCrmUser, run.step('warm'), { userId: 'x', email: null });
    expect(warm).toBe('absent');
    await setFault(standIns, 'salesforce', { mode: 'lost-response', calls: 1 });
    await expect(run.failure(salesforce.syncProgressRecords, on)).resolves.toMatchObject({
      type: 'salesforce.unavailable',
    });
    await expect(run.run(salesforce.syncProgressRecords, on)).resolves.toMatchObject({ synced: 1 });
    expect(await records('Training_Status__c')).toHaveLength(1);
    expect((await rowsOf(pool, run)).map(({ status, would }) => [status, would])).toEqual([['done', { records: 1 }]]);
  });

  test('progress that moves while it is written stays due', async () => {
    await knows(progressed('mt-1', { percent: 10 }));
    let isFirst = true;
    const slow = salesforceBy({
      fetch: async (input, init) => {
        if (init?.method === 'PATCH' && isFirst) {
          isFirst = false;
          await knows(progressed('mt-1', { percent: 70, at: MONDAY + 1000 }));
        }
        return fetch(input, init);
      },
    });
    await workflow().run(slow.syncProgressRecords, on);
    await expect(sync()).resolves.toMatchObject({ synced: 1 });
    expect(await modules()).toEqual([['mt-1:module:module', 70]]);
  });

  test('observed, it counts, asks Salesforce nothing, and what is due stays due', async () => {
    await knows(progressed('mt-1'));
    const run = workflow();
    await expect(run.run(salesforce.syncProgressRecords, { mode: 'observe' })).resolves.toMatchObject({
      synced: 0,
      observed: 1,
    });
    expect(await calls()).toEqual([]);
    expect(await rowsOf(pool, run)).toMatchObject([{ status: 'observed', would: { records: 1 } }]);
    await expect(sync()).resolves.toMatchObject({ synced: 1 });
  });

  test('an answer that does not tell of each record is none', async () => {
    await knows(progressed('mt-1'));
    const server = await answering(() => ({ status: 200, body: [] }));
    const { syncProgressRecords } = salesforceBy({ settings: server.settings });
    await expect(workflow().failure(syncProgressRecords, on)).resolves.toMatchObject({ type: 'salesforce.rejected' });
    await server.stop();
    await expect(sync()).resolves.toMatchObject({ synced: 1 });
  });
});

describe('signing in', () => {
  const train = ({ upsertTraining }: Salesforce) => runOnce(upsertTraining, training);
  const failing = ({ upsertTraining }: Salesforce) => failOnce(upsertTraining, training);

  test('once for all who wait, and not again while the session is good', async () => {
    await Promise.all(Array.from({ length: 10 }, () => train(salesforce)));
    await train(salesforce);
    expect(await signIns()).toEqual(['POST /token 200']);
  });

  test('again when the session has expired, inside the call, once for all', async () => {
    await train(salesforce);
    ahead = 3 * 3_600_000;
    await Promise.all(Array.from({ length: 10 }, () => train(salesforce)));
    expect(await signIns()).toHaveLength(2);
    expect((await writes()).filter((call) => call.endsWith(' 401')).length).toBeGreaterThan(0);
    expect(await records('Training_Status__c')).toHaveLength(1);
  });

  test('a session that is refused as soon as it is given is rejected, and no storm follows', async () => {
    await setFault(standIns, 'salesforce', { mode: 'ok' });
    const refusing = salesforceBy({
      fetch: async (input, init) => {
        if (init?.method === 'PATCH') await setFault(standIns, 'salesforce', { mode: 'error', status: 401, calls: 1 });
        return fetch(input, init);
      },
    });
    for (let time = 0; time < 5; time += 1)
      await expect(failing(refusing)).resolves.toMatchObject({
        type: 'salesforce.rejected',
        nonRetryable: true,
        message: 'salesforce: write Training_Status__c: answered 401: its credentials were refused',
        details: [{ status: 401, code: 'INVALID_SESSION_ID' }],
      });
    // Each attempt signs in again once; the last two ask no more.
    expect(await signIns()).toHaveLength(6);
    expect(await writes()).toHaveLength(6);
  });

  test('refused credentials are tried five times a minute, and at once when they change', async () => {
    let [secret, at] = ['wrong', 0];
    const given = { ...settings(), credential: { secret: () => secret } };
    const by = salesforceBy({ settings: given, now: () => at });
    const all = await Promise.all(Array.from({ length: 5 }, () => failing(by)));
    for (let time = 0; time < 6; time += 1) all.push(await failing(by));
    for (const failure of all) {
      expect(failure).toMatchObject({
        type: 'salesforce.rejected',
        nonRetryable: true,
        message: expect.stringContaining(
          'salesforce: sign in: answered invalid_client: its credentials were refused',
        ) as string,
        details: [{ status: 401, code: 'invalid_client' }],
      });
      expect(written(failure)).not.toContain('wrong');
    }
    // Those who ask together share one.
    expect(await signIns()).toHaveLength(5);
    at = 61_000;
    await failing(by);
    expect(await signIns()).toHaveLength(6);
    secret = TOKEN;
    await train(by);
    expect(await signIns()).toHaveLength(7);
  });

  test('by a JWT bearer of the private key', async () => {
    const credential = { privateKey: () => keys.privateKey, username: 'mindtickle.integration@example.com' };
    await train(salesforceBy({ settings: { ...settings(), loginUrl: `${settings().loginUrl}/`, credential } }));
    expect(await signIns()).toEqual(['POST /token 200']);
    // Of another user, by another clock, and by no key at all.
    const nobody = { ...credential, username: 'nobody@example.com' };
    await expect(failing(salesforceBy({ settings: { ...settings(), credential: nobody } }))).resolves.toMatchObject({
      details: [{ code: 'invalid_grant' }],
    });
    const late = salesforceBy({ settings: { ...settings(), credential }, now: () => Date.now() - 600_000 });
    await expect(failing(late)).resolves.toMatchObject({ details: [{ code: 'invalid_grant' }] });
    const broken = { ...credential, privateKey: () => 'not a key of ours' };
    const failure = await failing(salesforceBy({ settings: { ...settings(), credential: broken } }));
    expect(failure.message).toBe('salesforce: sign in: cannot sign: SALESFORCE_PRIVATE_KEY is no RSA key in PEM');
    expect(written(failure)).not.toContain('not a key of ours');
  });

  /** The answer to the sign-in is the test's; other calls are remembered, and refused. */
  async function signedInBy(status: number, body: unknown, headers: Record<string, string> = {}) {
    const asked: string[] = [];
    const server = await serve((incoming, response) => {
      if (!incoming.url?.endsWith('/oauth2/token')) asked.push(String(incoming.url));
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const elsewhere: string[] = [];
    const by = salesforceBy({
      settings: { ...settings(), loginUrl: server.url },
      fetch: (input, init) => {
        const url = input as string;
        if (url.startsWith(server.url)) return fetch(input, init);
        elsewhere.push(url);
        return Promise.resolve(new Response(null, { status: 204 }));
      },
    });
    const result = await train(by).catch((failure: unknown) => failure as ApplicationFailure);
    await server.stop();
    return { result, asked, elsewhere };
  }

  test.each([
    [400, { error: 'unknown_error', error_description: 'retry your request' }, 'unavailable'],
    [400, { error: 'invalid_grant', error_description: 'login rate exceeded' }, 'unavailable'],
    [400, { error: 'invalid_grant', error_description: 'carla' }, 'rejected'],
    [401, { error: 'invalid_client' }, 'rejected'],
    [200, { access_token: 'session-of-carla' }, 'rejected'],
    [200, null, 'rejected'],
  ])('%i %j is %s', async (status, body, kind) => {
    const { result, asked, elsewhere } = await signedInBy(status, body, { location: 'http://127.0.0.1:1/' });
    expect(result).toMatchObject({ type: `salesforce.${kind}` });
    expect(written(result as ApplicationFailure)).not.toContain('carla');
    expect([...asked, ...elsewhere]).toEqual([]);
  });

  test.each([
    'https://acme.my.salesforce.com',
    'https://acme--test.sandbox.my.salesforce.com/',
    'https://na1.salesforce.com',
  ])('goes on at %s', async (instance) => {
    const { elsewhere } = await signedInBy(200, { access_token: 'session', instance_url: instance });
    expect(elsewhere).toEqual([expect.stringMatching(`^${instance.replace(/\/$/, '')}/services/data/v62.0/sobjects/`)]);
  });

  test.each([
    'https://evil.example.com',
    'http://acme.my.salesforce.com',
    'https://acme.my.salesforce.com:8443',
    'https://my.salesforce.com.example.com',
    'https://notsalesforce.com',
    'https://user:password@acme.my.salesforce.com',
    'https://acme.my.salesforce.com/?next=',
    'file:///etc/passwd',
    'no address',
  ])('sends nothing to %s', async (instance) => {
    const { result, asked, elsewhere } = await signedInBy(200, { access_token: 'session', instance_url: instance });
    expect(result).toMatchObject({
      type: 'salesforce.rejected',
      message: 'salesforce: sign in: named an instance that is neither at the login URL nor at salesforce.com',
    });
    expect([...asked, ...elsewhere]).toEqual([]);
  });

  test('is not ended by the activity that asked first', async () => {
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    let ask: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const by = salesforceBy({
      fetch: async (input, init) => {
        if ((input as string).endsWith('/oauth2/token')) {
          ask();
          await held;
        }
        return fetch(input, init);
      },
    });
    const env = new MockActivityEnvironment({ startToCloseTimeoutMs: 15_000 }, { logger: new DefaultLogger('ERROR') });
    const first = env
      .run(() => by.upsertTraining(workflow().step('crm'), training))
      .catch((failure: unknown) => failure);
    await asked;
    const second = train(by);
    env.cancel();
    answer();
    await expect(second).resolves.toMatchObject({ score: 80 });
    await expect(first).resolves.toBeInstanceOf(CancelledFailure);
    expect(await signIns()).toHaveLength(1);
  });
});

describe('a Salesforce that does not do as asked', () => {
  const passing = ['UNABLE_TO_LOCK_ROW', 'SERVER_UNAVAILABLE', 'REQUEST_RUNNING_TOO_LONG', 'QUERY_TIMEOUT'];
  test.each(passing)('%s is unavailable, whatever its status', async (code) => {
    const failure = await failureOf(400, error(code));
    expect(failure).toMatchObject({ type: 'salesforce.unavailable', details: [{ status: 400, code }] });
    expect(failure.nonRetryable).not.toBe(true);
  });

  test('a quota that is used up comes as 403, and waits long', async () => {
    const failure = await failureOf(403, error('REQUEST_LIMIT_EXCEEDED'));
    expect(failure).toMatchObject({
      type: 'salesforce.unavailable',
      message: 'salesforce: write Training_Status__c: answered 403: REQUEST_LIMIT_EXCEEDED',
    });
    expect(delayOf(failure)).toBe(900_000);
    expect(delayOf(await failureOf(403, error('REQUEST_LIMIT_EXCEEDED'), { 'retry-after': '60' }))).toBe(60_000);
  });

  test.each([
    ['INVALID_FIELD', 'name our fields in the policy'],
    ['REQUIRED_FIELD_MISSING', 'give it a default'],
    ['DUPLICATE_EXTERNAL_ID', 'make the external id field unique'],
    ['FIELD_CUSTOM_VALIDATION_EXCEPTION', 'a validation rule blocks it'],
    ['INSUFFICIENT_ACCESS_OR_READONLY', 'give the integration user the permission'],
    ['SOMETHING_NEW', 'salesforce: write Training_Status__c: refused: SOMETHING_NEW'],
  ])('%s is rejected, with what to do', async (code, sentence) => {
    const failure = await failureOf(400, error(code));
    expect(failure).toMatchObject({
      type: 'salesforce.rejected',
      nonRetryable: true,
      details: [{ status: 400, code }],
    });
    expect(failure.message).toContain(sentence);
    expect(written(failure)).not.toContain('carla');
  });

  test('several records of one external id come as 300', async () => {
    await expect(failureOf(300, ['/services/data/v62.0/sobjects/T/1'])).resolves.toMatchObject({
      type: 'salesforce.rejected',
      details: [{ status: 300, code: 'DUPLICATE_EXTERNAL_ID' }],
    });
  });

  test.each([
    ['nothing', ''],
    ['a refusal', { success: false, errors: error('INVALID_FIELD') }],
  ])('200 with %s is not taken for done', async (_, body) => {
    await expect(failureOf(200, body)).resolves.toMatchObject({ type: 'salesforce.rejected' });
  });

  test('two that make one record at once make one', async () => {
    const server = await answering((count) =>
      count === 1 ? { status: 400, body: error('DUPLICATE_VALUE') } : { status: 200, body: { success: true } },
    );
    const { upsertTraining } = salesforceBy({ settings: server.settings });
    await expect(runOnce(upsertTraining, training)).resolves.toMatchObject({ score: 80 });
    await server.stop();
    await expect(failureOf(400, error('DUPLICATE_VALUE'))).resolves.toMatchObject({ type: 'salesforce.rejected' });
  });
});
