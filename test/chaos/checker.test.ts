import { check, violationKinds, type Records, type StoredWorkflow, type ViolationKind } from './checker';
import type { Attempt } from './sender';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const CERTIFICATE = 'certificate u1 c1';

function sent(changes: Partial<Attempt> = {}): Attempt {
  return {
    eventId: 'e1',
    event: 'course.completed',
    bodyDigest: A,
    signature: 'right',
    signatureDigest: `of ${changes.bodyDigest ?? A}`,
    effects: [CERTIFICATE],
    sentAt: 100,
    answeredAt: (changes.sentAt ?? 100) + 10,
    answer: { status: 200, duplicate: false, workflowId: changes.eventId ?? 'e1' },
    ...changes,
  };
}

function found(changes: Partial<StoredWorkflow> = {}): StoredWorkflow {
  return {
    workflowId: 'e1',
    type: 'courseCompletion',
    runs: 1,
    status: 'COMPLETED',
    outcome: 'done',
    bodyDigest: A,
    ...changes,
  };
}

const known = { status: 200, duplicate: true, workflowId: 'e1' } as const;
const spooled = { status: 200, duplicate: false, spooled: true, workflowId: 'e1' } as const;
const conflict = found({
  workflowId: `conflict:e1:${B.slice(0, 16)}`,
  type: 'quarantine',
  status: 'RUNNING',
  outcome: null,
  bodyDigest: B,
});
const contradicting = sent({ bodyDigest: B, effects: ['certificate u1 c2'], answer: known, sentAt: 200 });
const replay = sent({ eventId: 'e2', sentAt: 200 });
const forged = sent({ eventId: 'e9', bodyDigest: B, signature: 'wrong', answer: { status: 403 } });

/** One event that everybody agrees on, and what is added to or changed in it. */
function records({
  attempts = [sent()],
  workflows = [found()],
  effects = { [CERTIFICATE]: 1 },
}: {
  readonly attempts?: readonly Attempt[];
  readonly workflows?: readonly StoredWorkflow[];
  readonly effects?: Readonly<Record<string, number>>;
} = {}): Records {
  return { attempts, workflows, effects: new Map(Object.entries(effects)) };
}

/** A kind of violation, and records that have it. */
const faults: readonly (readonly [ViolationKind, string, Records])[] = [
  ['lost', 'an acknowledged event without a workflow', records({ workflows: [], effects: {} })],
  [
    'lost',
    'a spooled event without a workflow',
    records({ attempts: [sent({ answer: spooled })], workflows: [], effects: {} }),
  ],
  [
    'conflict-lost',
    'other bytes that were acknowledged and are not kept',
    records({ attempts: [sent(), contradicting] }),
  ],
  [
    'conflict-lost',
    'other bytes in whose place the first ones are kept',
    records({ attempts: [sent(), contradicting], workflows: [found(), { ...conflict, bodyDigest: A }] }),
  ],
  ['doubled-run', 'two runs of one event id', records({ workflows: [found({ runs: 2 })] })],
  ['started-again', 'a redelivery that was answered as new', records({ attempts: [sent(), sent({ sentAt: 200 })] })],
  [
    'started-again',
    'two deliveries at once that were both answered as the first',
    records({ attempts: [sent(), sent()] }),
  ],
  [
    'started-again',
    'a redelivery that was answered as new after a spooled one',
    records({ attempts: [sent({ answer: spooled }), sent({ sentAt: 200 })] }),
  ],
  [
    'doubled-replay',
    'a replay that ran as well',
    records({ attempts: [sent(), replay], workflows: [found(), found({ workflowId: 'e2' })] }),
  ],
  [
    'replay-lost',
    'a signed delivery whose every id is taken for a replay',
    records({
      attempts: [sent(), replay],
      workflows: [found({ outcome: 'replayed' }), found({ workflowId: 'e2', outcome: 'replayed' })],
      effects: {},
    }),
  ],
  ['doubled-effect', 'two certificates', records({ effects: { [CERTIFICATE]: 2 } })],
  ['missing-effect', 'a workflow that is done without its effect', records({ effects: {} })],
  [
    'unearned-effect',
    'an effect of a conflict that nobody ran',
    records({
      attempts: [sent(), contradicting],
      workflows: [found(), conflict],
      effects: { [CERTIFICATE]: 1, 'certificate u1 c2': 1 },
    }),
  ],
  [
    'unauthenticated',
    'a wrong signature that was answered 200',
    records({ attempts: [sent(), { ...forged, answer: known }] }),
  ],
  [
    'unauthenticated',
    'bytes that were only ever sent with a wrong signature, kept as a conflict',
    records({ attempts: [sent(), { ...forged, eventId: 'e1' }], workflows: [found(), conflict] }),
  ],
  [
    'refused',
    'a right signature that was answered 403',
    records({ attempts: [sent(), sent({ answer: { status: 403 } })] }),
  ],
  [
    'misnamed',
    'an answer that names another workflow',
    records({ attempts: [sent({ answer: { status: 200, duplicate: false, workflowId: 'e2' } })] }),
  ],
  ['altered', 'a workflow with other bytes', records({ workflows: [found({ bodyDigest: B })] })],
  ['altered', 'a workflow of another type', records({ workflows: [found({ type: 'moduleProgress' })] })],
  [
    'unknown',
    'a workflow of which nobody sent the event',
    records({ workflows: [found(), found({ workflowId: 'e7' })] }),
  ],
  [
    'unfinished',
    'a workflow that still runs',
    records({ workflows: [found({ status: 'RUNNING', outcome: null })], effects: {} }),
  ],
  [
    'unfinished',
    'a workflow that failed',
    records({ workflows: [found({ status: 'FAILED', outcome: null })], effects: {} }),
  ],
];

const kinds = (given: Records): readonly ViolationKind[] => check(given).map(({ kind }) => kind);

describe('check', () => {
  test('is tested with a fault of every kind', () => {
    expect(new Set(faults.map(([kind]) => kind))).toEqual(new Set(Object.keys(violationKinds)));
  });

  test.each<readonly [string, Records]>([
    ['one delivery, one workflow, one effect', records()],
    [
      'a redelivery that was answered as a duplicate',
      records({ attempts: [sent(), sent({ sentAt: 200, answer: known })] }),
    ],
    [
      'a first delivery without an answer, and its redelivery',
      records({ attempts: [sent({ answer: 'unanswered', answeredAt: null }), sent({ sentAt: 200, answer: known })] }),
    ],
    [
      'a spooled delivery, and a redelivery that was spooled too',
      records({ attempts: [sent({ answer: spooled }), sent({ sentAt: 200, answer: spooled })] }),
    ],
    ['a delivery that was answered 503 and yet started', records({ attempts: [sent({ answer: { status: 503 } })] })],
    [
      'a delivery that was answered 503 and did not start',
      records({ attempts: [sent({ answer: { status: 503 } })], workflows: [], effects: {} }),
    ],
    ['a forged delivery that was refused', records({ attempts: [sent(), forged] })],
    ['a forged delivery under the id of a genuine one', records({ attempts: [sent(), { ...forged, eventId: 'e1' }] })],
    [
      'a replay',
      records({ attempts: [sent(), replay], workflows: [found(), found({ workflowId: 'e2', outcome: 'replayed' })] }),
    ],
    [
      'a replay that was recorded before what it replays',
      records({
        attempts: [sent(), replay],
        workflows: [found({ outcome: 'replayed' }), found({ workflowId: 'e2' })],
      }),
    ],
    ['a replay beyond the limit', records({ attempts: [sent(), { ...replay, answer: { status: 429 } }] })],
    ['a conflict that is kept', records({ attempts: [sent(), contradicting], workflows: [found(), conflict] })],
    [
      'a second completion of the same course',
      records({
        attempts: [sent(), sent({ eventId: 'e2', bodyDigest: B })],
        workflows: [found(), found({ workflowId: 'e2', bodyDigest: B })],
      }),
    ],
    [
      'an unknown event in quarantine',
      records({
        attempts: [sent({ event: 'unknown.event', effects: [] })],
        workflows: [found({ type: 'quarantine', status: 'RUNNING', outcome: null })],
        effects: {},
      }),
    ],
  ])('finds nothing wrong with %s', (_what, given) => {
    expect(check(given)).toEqual([]);
  });

  test.each(faults)('finds %s: %s', (kind, _what, given) => {
    expect(kinds(given)).toContain(kind);
  });

  test('finds a workflow under an id that came with a wrong signature alone', () => {
    const given = records({
      attempts: [sent(), forged],
      workflows: [found(), found({ workflowId: 'e9', bodyDigest: B })],
    });
    expect(
      check(given)
        .filter(({ id }) => id === 'e9')
        .map(({ kind }) => kind),
    ).toEqual(['unauthenticated', 'unknown']);
  });

  test('says of each violation what is wrong, and with what', () => {
    const [violation, ...others] = check(records({ workflows: [], effects: {} }));
    expect(others).toEqual([]);
    expect(violation).toMatchObject({ kind: 'lost', id: 'e1' });
    expect(violation?.sentence).toMatch(
      /^It was acknowledged, and Temporal has no such workflow\. Sent \S+Z \(\w+\), answered after \d+ ms: \{.*\}\.$/,
    );
  });
});
