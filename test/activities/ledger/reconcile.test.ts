import { createReconcileActivities, type WorkflowStatus } from '../../../activities/ledger';
import { recordEvent } from '../../../src/ledger';
import { expired, request } from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { emptyLedger, statusOf, workflow } from '../running';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(() => emptyLedger(ledger.pool));

/** So many recertifications, of two days ago. */
async function waiting(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await recordEvent(ledger.pool, request(`w${n}`, expired(`u${n}`)));
  await ledger.pool.query(`update receipts set recorded_at = recorded_at - interval '2 days'`);
  await ledger.pool.query(`update open_workflows set opened_at = opened_at - interval '2 days'`);
}

async function outcomes(): Promise<Record<string, string | null>> {
  const { rows } = await ledger.pool.query<{ id: string; outcome: string | null }>(
    'select workflow_id as id, outcome from receipts order by workflow_id',
  );
  return Object.fromEntries(rows.map(({ id, outcome }) => [id, outcome]));
}

const look = (isRunning: WorkflowStatus['isRunning']) => {
  const { reconcileOpenWorkflows } = createReconcileActivities(ledger.pool, { ...statusOf(), isRunning });
  return workflow().run(reconcileOpenWorkflows);
};

describe('reconcileOpenWorkflows', () => {
  test('closes what Temporal does not run, and leaves what runs for a day', async () => {
    await waiting(3);
    const isRunning = (id: string) => Promise.resolve(id !== 'w1');
    await expect(look(isRunning)).resolves.toEqual({ asked: 3, closed: 1, more: false });
    expect(await outcomes()).toEqual({ w0: null, w1: 'gone', w2: null });
    await expect(look(isRunning)).resolves.toEqual({ asked: 0, closed: 0, more: false });
  });

  test('leaves what Temporal says nothing of for the next time', async () => {
    await waiting(3);
    const asked: string[] = [];
    const answer = (id: string): Promise<boolean | 'unknown'> => {
      asked.push(id);
      return Promise.resolve(id === 'w1' ? 'unknown' : false);
    };
    await expect(look(answer)).resolves.toEqual({ asked: 2, closed: 2, more: false });
    expect(await outcomes()).toEqual({ w0: 'gone', w1: null, w2: 'gone' });
    await look(answer);
    expect(asked.filter((id) => id === 'w1')).toHaveLength(2);
  });

  test('asks a Temporal that is away for no more than a few', async () => {
    await waiting(25);
    let asked = 0;
    const away = (): Promise<'unknown'> => {
      asked += 1;
      return Promise.resolve('unknown');
    };
    await expect(look(away)).resolves.toEqual({ asked: 0, closed: 0, more: false });
    expect(asked).toBe(10);
  });

  test('looks after a hundred at once, and says that there are more', async () => {
    await waiting(130);
    const runs = () => Promise.resolve(true);
    await expect(look(runs)).resolves.toEqual({ asked: 100, closed: 0, more: true });
    await expect(look(runs)).resolves.toEqual({ asked: 30, closed: 0, more: false });
  });
});
