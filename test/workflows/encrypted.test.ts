import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createEncryption } from '../../src/encryption';
import { createCodec } from '../../src/temporal';
import { learner } from './fakes';
import { escalate, skip } from './operator';
import { stepIs, useWorld } from './world';

const secret = randomBytes(32).toString('base64');
const world = useWorld('dev', { env: { ENCRYPTION_KEYS: `2026-11:${secret}` } });

/** Nowhere else: in names, addresses, and what an error quotes. */
const PLANTED = ['Xiomara', 'Quetzalli', 'xiomara.q@planted.example', 'boss@planted.example', 'Secretariat'] as const;
const foundIn = (text: string): readonly string[] => PLANTED.filter((each) => text.includes(each));

/** What Temporal keeps, without any base64 around it. */
function asKept(value: unknown): string {
  const decoded: string[] = [];
  const text = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'string') decoded.push(Buffer.from(each, 'base64').toString());
    return each;
  });
  return [text, ...decoded].join('\n');
}

test('Temporal keeps no name and no address of an offboarding, and the codec reads them', async () => {
  world.fake('findLearner', learner({ email: PLANTED[2], managerEmail: PLANTED[3] }));
  world.fake('freezeUser', ApplicationFailure.nonRetryable(`no user ${PLANTED[0]} ${PLANTED[1]}`, 'TypeError'));
  const data = { userId: 'u1', email: PLANTED[2], reason: PLANTED[4], name: `${PLANTED[0]} ${PLANTED[1]}` };
  const handle = await world.send('user.deprovisioned', { data });
  await world.until(handle, stepIs('freeze', 'parked'));
  await escalate(handle, `ask ${PLANTED[0]}`, PLANTED[3]);
  await skip(handle, 'freeze', `${PLANTED[1]} has no account`);
  const { history } = await world.until(handle, stepIs('report', 'done'));
  // Whoever has the key sees it.
  expect(JSON.stringify(history)).toContain(PLANTED[1]);

  const { namespace, workflowService } = { ...world.client.options, workflowService: world.client.workflowService };
  const execution = { workflowId: handle.workflowId };
  const kept = JSON.parse(historyToJSON(await handle.fetchHistory())) as { readonly events: readonly unknown[] };
  const described = await workflowService.describeWorkflowExecution({ namespace, execution });
  const listed = await workflowService.listWorkflowExecutions({
    namespace,
    query: `WorkflowId = '${handle.workflowId}'`,
  });
  for (const part of [kept, described.toJSON(), listed.toJSON()]) expect(foundIn(asKept(part))).toEqual([]);
  // The search was able to find it: with the key it does.
  const encryption = createEncryption([{ id: '2026-11', secret: Buffer.from(secret, 'base64') }]);
  const [start] = (await handle.fetchHistory()).events ?? [];
  const payloads = start?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const plain = encryption && (await createCodec(encryption).decode(payloads));
  expect(foundIn(Buffer.concat((plain ?? []).map(({ data: bytes }) => bytes ?? Buffer.of())).toString())).toContain(
    PLANTED[2],
  );
  await handle.terminate();
});
