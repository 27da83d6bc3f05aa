import { planWebhook, type ActualWebhook, type Answer, type RemoteWebhook } from '../../src/webhooks';

const wanted = {
  url: 'https://hooks.example.com/webhooks/mindtickle',
  events: ['quiz.submitted', 'user.deprovisioned'],
  companyId: 'acme',
};
const theirs = (change: Partial<RemoteWebhook> = {}): RemoteWebhook => ({
  ...wanted,
  id: 'wh-1',
  status: 'active',
  ...change,
});
const stored = (change: Partial<NonNullable<ActualWebhook['stored']>> = {}) => ({
  webhookId: 'wh-1',
  url: wanted.url,
  events: wanted.events,
  ...change,
});
const refused: Answer<never> = {
  ok: false,
  why: 'unsupported',
  status: 405,
  says: 'GET /v2/webhooks was answered with 405.',
};
const listed = (...value: readonly RemoteWebhook[]): Answer<readonly RemoteWebhook[]> => ({ ok: true, value });
const plan = (actual: Partial<ActualWebhook>) =>
  planWebhook(wanted, { stored: null, namedId: undefined, listed: refused, shown: undefined, ...actual });

const create = { do: 'create' };
const adopt = { do: 'adopt', id: 'wh-1' };

describe('planWebhook', () => {
  test.each<[string, Partial<ActualWebhook>, readonly object[]]>([
    ['none is there', { listed: listed() }, [create]],
    ['ours is as wanted', { listed: listed(theirs()), stored: stored() }, []],
    ['one with our URL is there, which the ledger does not know', { listed: listed(theirs()) }, [adopt]],
    [
      'its URL is spelt otherwise',
      { listed: listed(theirs({ url: 'https://HOOKS.example.com:443/webhooks/mindtickle' })) },
      [adopt],
    ],
    ['it belongs to another company', { listed: listed(theirs({ companyId: 'other' })) }, [create]],
    ['it does not say to whom it belongs', { listed: listed(theirs({ companyId: null })), stored: stored() }, []],
    [
      'it is suspended',
      { listed: listed(theirs({ status: 'suspended' })), stored: stored() },
      [{ do: 'reactivate', id: 'wh-1' }],
    ],
    [
      'it lacks an event',
      { listed: listed(theirs({ events: ['quiz.submitted'] })), stored: stored() },
      [{ do: 'change', id: 'wh-1', events: wanted.events }],
    ],
    [
      'it has one more',
      { listed: listed(theirs({ events: [...wanted.events, 'badge.awarded'] })), stored: stored() },
      [],
    ],
    [
      'it lacks one, and has one more',
      { listed: listed(theirs({ events: ['badge.awarded', 'quiz.submitted'] })), stored: stored() },
      [{ do: 'change', id: 'wh-1', events: ['badge.awarded', ...wanted.events] }],
    ],
    [
      'it delivers elsewhere',
      { listed: listed(theirs({ url: 'https://old.example.com/' })), stored: stored() },
      [{ do: 'change', id: 'wh-1', url: wanted.url }],
    ],
    [
      'it is suspended and delivers elsewhere: a change re-activates',
      { listed: listed(theirs({ url: 'https://old.example.com/', status: 'suspended' })), stored: stored() },
      [{ do: 'change', id: 'wh-1', url: wanted.url }],
    ],
    [
      'ours is gone',
      { listed: listed(theirs({ id: 'wh-2', url: 'https://old.example.com/' })), stored: stored() },
      [create],
    ],
    [
      'the setting names another than the ledger',
      { listed: listed(theirs(), theirs({ id: 'wh-2' })), stored: stored(), namedId: 'wh-2' },
      [{ do: 'adopt', id: 'wh-2' }],
    ],
    ['the one that the setting names is gone', { listed: listed(theirs()), namedId: 'wh-9' }, [create]],
    ['only the one can be read', { shown: { ok: true, value: theirs() }, stored: stored() }, []],
    ['nothing can be read, and none is known', {}, [create]],
    ['nothing can be read, and the ledger knows it', { stored: stored() }, []],
    [
      'the same, and other events are wanted',
      { stored: stored({ events: [] }) },
      [{ do: 'change', id: 'wh-1', events: wanted.events }],
    ],
    ['nothing can be read, and the setting names it', { namedId: 'wh-1' }, [adopt]],
  ])('%s', (_case, actual, actions) => {
    expect(plan(actual).actions).toEqual(actions);
  });

  test.each<[string, Partial<ActualWebhook>, RegExp]>([
    ['what cannot be known of ours', { stored: stored() }, /not let us list.*whether it is suspended, is not known/],
    ['that one may be there already', {}, /whether one is there already is not known/],
    [
      'a second one for the same URL',
      { listed: listed(theirs(), theirs({ id: 'wh-2' })), stored: stored() },
      /wh-2 delivers to the same URL/,
    ],
    ['that the known one is gone', { listed: listed(), stored: stored() }, /wh-1 is not there any more/],
    [
      'others, which stay',
      { listed: listed(theirs({ id: 'wh-2', url: 'https://old.example.com/' })) },
      /others, which stay: wh-2/,
    ],
    [
      'an event that is not ours',
      { listed: listed(theirs({ events: [...wanted.events, 'badge.awarded'] })), stored: stored() },
      /more events: badge\.awarded/,
    ],
    [
      'that it does not say whether it is suspended',
      { listed: listed(theirs({ status: 'unknown' })), stored: stored() },
      /does not say whether it is suspended/,
    ],
  ])('says %s', (_case, actual, note) => {
    expect(plan(actual).notes.join(' ')).toMatch(note);
  });
});
