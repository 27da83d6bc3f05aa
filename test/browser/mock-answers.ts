/** The answers of the mock, in the shapes of the JSON API. */
import type { Express, Request, Response } from 'express';
import { at, makeDoneLeavers, makeLeaver, type MockCase } from './mock-data';
import { refuse, type MockState } from './mock-state';

type Change = (...topics: string[]) => void;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function addAnswers(app: Express, state: MockState, change: Change): void {
  app.get('/api/me', (_request, response) => {
    const { name, role } = response.locals as { name: string; role: string };
    const temporalUi = 'https://temporal.example/namespaces/default/workflows';
    response.json({ name, role, companyId: 'acme', timeZone: 'Europe/Berlin', temporalUi, version: '1.0.0' });
  });
  app.get('/api/needs', (_request, response) => void response.json(needsOf(state)));
  addCases(app, state, change);
  addBulk(app, state, change);
  addQuarantine(app, state);
  addPeople(app, state);
  addSystem(app, state, change);
}

function needsOf({ cases, base }: MockState): object {
  const needing = cases.filter(({ needs, status }) => needs === 'person' && status === 'running');
  const parked = needing.filter(({ cause }) => cause === 'identity.rejected');
  const causes = {
    cause: 'identity.rejected',
    system: 'identity',
    sentence: `The identity provider refused our credentials: ${parked.length}`,
    count: parked.length,
    step: 'suspendUser',
    workflowIds: parked.map(({ workflowId }) => workflowId),
  };
  return {
    cases: needing.sort((a, b) => (a.since ?? '').localeCompare(b.since ?? '')),
    total: needing.length,
    overdue: needing.filter(({ cause }) => cause === 'overdue').length,
    conflicts: needing.filter(({ cause }) => cause === 'conflict').length,
    quarantined: needing.filter(({ workflowType }) => workflowType === 'quarantine').length,
    causes: parked.length === 0 ? [] : [causes],
    asOf: at(base, 0),
  };
}

type Filter = Record<string, string | readonly string[] | undefined>;

function matching(cases: readonly MockCase[], filter: Filter): MockCase[] {
  const { type, event, phase, needs, cause, userId, status = 'running', workflowIds } = filter;
  const { deadlineAfter = '', deadlineBefore = '~' } = filter;
  return cases.filter((one) => {
    const deadline = one.deadline ?? '';
    const wanted: [unknown, unknown][] = [
      [type, one.workflowType],
      [event, one.event],
      [phase, one.phase],
      [needs, one.needs],
      [cause, one.cause],
      [userId, one.person?.userId],
      [status === 'all' ? undefined : status, one.status === 'running' ? 'running' : 'closed'],
    ];
    return (
      wanted.every(([value, own]) => value === undefined || value === own) &&
      deadline >= deadlineAfter &&
      deadline < deadlineBefore &&
      (workflowIds?.includes(one.workflowId) ?? true)
    );
  });
}

function addCases(app: Express, state: MockState, change: Change): void {
  app.get('/api/workflows', (request, response) => {
    const found = matching(state.cases, request.query as Filter);
    if (request.query['sort'] === 'deadline')
      found.sort((a, b) => (a.deadline ?? '~').localeCompare(b.deadline ?? '~'));
    response.json({ cases: found, total: found.length, next: null, asOf: at(state.base, 0) });
  });
  app.get('/api/workflows/:workflowId', (request, response) => {
    const one = state.cases.find(({ workflowId }) => workflowId === request.params.workflowId);
    if (one === undefined) refuse(response, 404, 'No workflow has this id.');
    else response.json(detailOf(one, state));
  });
  app.post('/api/workflows/:workflowId/messages/:message', (request, response) => {
    const { workflowId, message } = request.params;
    state.sent.push({ path: request.path, body: request.body as Record<string, unknown> });
    const one = state.cases.find((other) => other.workflowId === workflowId);
    const fault =
      one === undefined ? 'No workflow has this id.' : send(one, message, request.body as Record<string, string>);
    if (fault !== undefined) return void refuse(response, one === undefined ? 404 : 409, fault);
    change('workflows', 'effects');
    response.json({ state: null, note: null });
  });
  app.post('/api/workflows/:workflowId/notes', (request, response) => {
    state.sent.push({ path: request.path, body: request.body as Record<string, unknown> });
    response.json({ at: at(Date.now(), 0), by: 'olga', text: (request.body as { text: string }).text });
  });
}

/** @returns why not, as the workflow's own validator says it. */
function send(one: MockCase, message: string, body: Record<string, string>): string | undefined {
  if (one.status !== 'running') return 'This case has ended.';
  if (message === 'extendDeadline') {
    if (Date.parse(body['deadline'] ?? '') <= Date.now()) return 'deadline must be ahead of now';
    one.deadline = body['deadline'] ?? null;
    one.needs = 'time';
  } else if (message === 'retryStep' || message === 'skipStep') {
    Object.assign(one, { phase: 'working', needs: 'system', cause: null });
  } else if (message !== 'escalate') {
    Object.assign(one, { status: 'completed', phase: 'done', outcome: 'cancelled', needs: null, cause: null });
  }
  return undefined;
}

function detailOf(one: MockCase, { base }: MockState): object {
  const step = (name: string, title: string, status: string, detail: string | null): object => ({
    step: name,
    title,
    status,
    detail,
    at: one.startedAt,
  });
  return {
    case: one,
    state: {
      phase: one.phase,
      outcome: one.outcome,
      waitingFor: one.waitingFor,
      deadline: one.deadline,
      steps: [
        step('recordEvent', 'Record the event in the ledger', 'done', null),
        step(
          'suspendUser',
          'Suspend the user in the identity provider',
          one.phase === 'parked' ? 'parked' : 'done',
          one.phase === 'parked' ? '401: our credentials were refused' : null,
        ),
      ],
      history: [{ at: one.startedAt, what: 'started', by: 'MindTickle', reason: null }],
      notified: [{ role: 'administrator', channel: 'mail', notification: 'stepParked', at: at(base, -MINUTE) }],
    },
    stateProblem: null,
    event: {
      eventId: one.workflowId,
      event: one.event,
      receivedAt: one.startedAt,
      signedAt: one.startedAt,
      body: { event: one.event, companyId: 'acme', data: { userId: one.person?.userId ?? null } },
      text: null,
    },
    effects: [
      {
        step: 'suspendUser',
        system: 'identity',
        naturalKey: 'u-1000',
        status: 'done',
        mode: 'on',
        actor: null,
        reason: null,
        before: { status: 'ACTIVE' },
        would: { status: 'SUSPENDED' },
        result: { status: 'SUSPENDED', lifecycle: 'suspended by the process', sessions: 'cleared' },
        begunAt: one.startedAt,
        finishedAt: one.startedAt,
      },
    ],
    notes: [{ at: at(base, -10 * MINUTE), by: 'victor', text: 'I have asked IT about the credentials.' }],
  };
}

function addBulk(app: Express, state: MockState, change: Change): void {
  const runs = new Map<string, { results: object[]; state: string; total: number; done: number; failed: number }>();
  app.post('/api/bulk', (request, response) => {
    const { message, args, filter, dryRun } = request.body as {
      message: string;
      args: Record<string, string>;
      filter: Filter;
      dryRun: boolean;
    };
    const found = matching(state.cases, filter);
    const counts = { total: state.cases.length, matched: found.length };
    if (dryRun) return void response.json({ ...counts, cases: found.slice(0, 100) });
    state.sent.push({ path: '/api/bulk', body: request.body as Record<string, unknown> });
    const results = found.map((one) => {
      const fault = send(one, message, args);
      return { workflowId: one.workflowId, ok: fault === undefined, detail: fault ?? 'done' };
    });
    const failed = results.filter(({ ok }) => !ok).length;
    const bulkId = `bulk-${runs.size + 1}`;
    runs.set(bulkId, { results, state: 'done', total: found.length, done: results.length - failed, failed });
    change('bulk', 'workflows');
    response.json({ bulkId, ...counts });
  });
  app.get('/api/bulk/:bulkId', (request, response) => {
    response.json({ bulkId: request.params.bulkId, by: 'olga', ...runs.get(request.params.bulkId) });
  });
  app.delete('/api/bulk/:bulkId', (request, response) => {
    const run = runs.get(request.params.bulkId);
    if (run !== undefined) run.state = 'stopped';
    response.json({ bulkId: request.params.bulkId, ...run });
  });
}

function problemsOf(data: Record<string, unknown>): object[] {
  const problems = [];
  if (typeof data['userId'] !== 'string' || data['userId'] === '')
    problems.push({ path: 'userId', message: 'must be the id of a person; it is missing or empty' });
  if (data['deprovisionedAt'] === 'yesterday')
    problems.push({ path: 'deprovisionedAt', message: 'is not a date: "yesterday"' });
  return problems;
}

function addQuarantine(app: Express, state: MockState): void {
  const data = { email: 'ada.lovelace@example.com', reason: 'Resigned', deprovisionedAt: 'yesterday' };
  app.get('/api/quarantine/:workflowId', (request, response) => {
    const one = state.cases.find(({ workflowId }) => workflowId === request.params.workflowId);
    if (one === undefined) return void refuse(response, 404, 'No workflow has this id.');
    const { event } = one;
    response.json({
      case: one,
      event,
      body: { event, companyId: 'acme', data },
      text: null,
      problems: problemsOf(data),
      schema: {},
    });
  });
  app.post('/api/quarantine/check', (request, response) => {
    response.json({ problems: problemsOf((request.body as { data: Record<string, unknown> }).data) });
  });
}

const textOf = (request: Request): string => ((request.query['q'] as string | undefined) ?? '').toLowerCase();

function addPeople(app: Express, state: MockState): void {
  const { people, base } = state;
  app.get('/api/leavers', (request, response) => {
    const text = textOf(request);
    const open = state.cases.filter(({ workflowType }) => workflowType === 'offboarding');
    const all = [...open.map((one) => makeLeaver(base, one)), ...makeDoneLeavers(base, people)];
    const leavers = all.filter((one) => JSON.stringify(one).toLowerCase().includes(text));
    response.json({ leavers, total: leavers.length, next: null });
  });
  app.post('/api/leavers/:workflowId/check', (_request, response) => {
    response.json({ systems: { identity: { state: 'ended' } }, note: 'Sign-in: ended' });
  });
  app.get('/api/learners', (request, response) => {
    const text = textOf(request);
    const learners = people.filter(({ userId, email }) => `${userId} ${email ?? ''}`.includes(text)).slice(0, 8);
    response.json({ learners, next: null });
  });
  app.get('/api/learners/:userId', (request, response) => {
    const person = people.find(({ userId }) => userId === request.params.userId);
    if (person === undefined) return void refuse(response, 404, 'Nobody with this id is known.');
    const cases = state.cases.filter((one) => one.person?.userId === person.userId);
    response.json({ person, timeline: timeline(base), cases, progress: progressOf(state, [person]), points: 140 });
  });
  app.post('/api/learners/:userId/forget', (request, response) => {
    state.sent.push({ path: request.path, body: request.body as Record<string, unknown> });
    response.json({ rows: { learners: 1, completions: 4 }, archive: 'Kept, by policy.', temporal: 'Gone in 30 days.' });
  });
  app.get('/api/leaderboard', (request, response) => void response.json(leaderboard(state, request)));
  app.get('/api/progress', (_request, response) => {
    const modules = ['Pricing', 'Discovery calls', 'Security basics'].map((moduleName, index) => ({
      moduleId: `m-${index + 1}`,
      moduleName,
      learners: 40 - index * 7,
      averagePercent: 72 - index * 19,
      completed: 12 - index * 4,
    }));
    response.json({ modules, rows: progressOf(state, people.slice(0, 12)), next: null });
  });
}

function progressOf({ base }: MockState, people: MockState['people']): object[] {
  return people.map((person, index) => ({
    person,
    moduleId: 'm-1',
    moduleName: 'Pricing',
    percent: (index * 37 + 20) % 101,
    seconds: 600 + index * 95,
    at: at(base, -index * 3 * 60 * MINUTE),
  }));
}

function timeline(base: number): object[] {
  const entry = (ago: number, kind: string, text: string, by: string | null = null): object => ({
    at: at(base, -ago),
    kind,
    text,
    by,
    workflowId: kind === 'event' ? 'recert-1' : null,
    system: kind === 'effect' ? 'identity' : null,
    status: kind === 'effect' ? 'done' : null,
  });
  return [
    entry(5 * MINUTE, 'note', 'Will renew on Friday.', 'olga'),
    entry(50 * MINUTE, 'notified', 'The learner was reminded by mail.'),
    entry(2 * DAY, 'decision', 'The deadline was extended.', 'olga'),
    entry(3 * DAY, 'effect', 'Joined the group “recertification required”.'),
    entry(3 * DAY + MINUTE, 'event', 'Forklift safety expired.'),
    entry(90 * DAY, 'event', 'Completed Pricing with 92 %.'),
  ];
}

function leaderboard({ people, base }: MockState, request: Request): object {
  const ranks = [1, 2, 2, 4, 5, 6, 6, 6, 9, 10];
  const isTeams = request.query['by'] === 'team';
  const names = isTeams ? ['emea-sales', 'americas-sales', 'support'] : people.slice(0, 10).map(({ name }) => name);
  return {
    rows: names.map((label, index) => ({
      rank: ranks[index],
      isTied: ranks.filter((rank) => rank === ranks[index]).length > 1,
      ...(isTeams ? { teamId: label } : { userId: people[index]?.userId }),
      label,
      points: 320 - (ranks[index] ?? 0) * 17,
      course: 120,
      quiz: 80,
      progress: 40,
      onTime: 20,
    })),
    from: at(base, -30 * DAY),
    to: at(base, 0),
    points: { course: 10, quiz: 5, progress: 1, onTime: 5 },
    next: null,
  };
}

function addSystem(app: Express, state: MockState, change: Change): void {
  const { base, people } = state;
  app.get('/api/connectors', (_request, response) => {
    const connectors = ['identity', 'salesforce', 'slack', 'mail', 'xapi', 'archive'].map((system, index) => ({
      system,
      mode: index === 1 ? 'observe' : index === 4 ? 'off' : 'on',
      taskQueue: `mindtickle-${system}`,
      held: state.held.has(system) ? { reason: state.held.get(system), since: at(base, 0) } : null,
      pollers: index === 4 ? 0 : 2,
      lastPollAt: index === 4 ? null : at(base, -4_000),
      backlog: index === 0 ? 5 : 0,
    }));
    response.json({ connectors });
  });
  app.post('/api/connectors/:system/:verb', (request, response) => {
    const { system, verb } = request.params;
    state.sent.push({ path: request.path, body: request.body as Record<string, unknown> });
    if (verb === 'hold') state.held.set(system, (request.body as { reason: string }).reason);
    else state.held.delete(system);
    change('connectors');
    response.json({});
  });
  app.get('/api/deliveries', (_request, response) => void response.json(deliveries(base)));
  app.get('/api/observed', (_request, response) => {
    const effects = people.slice(0, 6).map((person, index) => ({
      at: at(base, -index * 40 * MINUTE),
      system: 'salesforce',
      step: 'upsertTrainingStatus',
      person,
      would: 'set Training status to Completed',
      workflowId: `recert-${index + 1}`,
    }));
    response.json({ counts: [{ system: 'salesforce', count: 6 }], effects, next: null });
  });
  app.get('/api/audit', (_request, response: Response) => {
    const rows = people.slice(0, 8).map((person, index) => ({
      at: at(base, -index * 55 * MINUTE),
      by: index % 2 === 0 ? 'olga' : null,
      reason: index % 2 === 0 ? 'Asked by the manager' : null,
      what: index % 2 === 0 ? 'extended the deadline' : 'suspended the user',
      system: index % 2 === 0 ? null : 'identity',
      step: null,
      workflowId: `recert-${index + 1}`,
      userId: person.userId,
      status: 'done',
      before: index % 2 === 0 ? null : { status: 'ACTIVE' },
      result: index % 2 === 0 ? null : { status: 'SUSPENDED' },
    }));
    response.json({ rows, next: null });
  });
  app.get('/api/health', (_request, response) => {
    response.json({
      checks: [
        { name: 'Temporal', status: 'ok', detail: 'answers in 3 ms' },
        { name: 'Ledger', status: 'ok', detail: 'PostgreSQL 18, answers in 1 ms' },
        { name: 'Worker', status: 'warn', detail: 'no worker polls mindtickle-xapi since 09:12' },
        { name: 'Webhook', status: 'fail', detail: 'user.deprovisioned is not subscribed' },
      ],
    });
  });
}

function deliveries(base: number): object {
  return {
    minutes: Array.from({ length: 60 }, (_, index) => ({
      at: at(base, (index - 59) * MINUTE),
      accepted: 8 + ((index * 7) % 13),
      duplicates: index % 9 === 0 ? 2 : 0,
      refused: index > 40 && index < 46 ? 3 : 0,
    })),
    refusals: [
      {
        rule: 'signature',
        cause: 'The signing secret was rotated',
        count: 15,
        lastAt: at(base, -14 * MINUTE),
        address: '198.51.100.7',
        advice: 'Add the new secret in front of MINDTICKLE_WEBHOOK_SECRET.',
      },
    ],
    recent: Array.from({ length: 8 }, (_, index) => ({
      eventId: `evt-${100 - index}`,
      event: 'module.progress',
      receivedAt: at(base, -index * 20_000),
      outcome: index === 0 ? null : 'done',
      userId: `u-${1000 + index}`,
      workflowId: `evt-${100 - index}`,
    })),
    lastAt: at(base, -5_000),
    receivers: [
      {
        url: 'http://receiver:9091',
        ready: true,
        spool: { records: 120, bytes: 260_000, maxBytes: 1_073_741_824, oldestAgeSeconds: 4, refusing: false },
        problem: null,
      },
      { url: 'http://receiver-2:9091', ready: false, spool: null, problem: 'does not answer' },
    ],
  };
}
