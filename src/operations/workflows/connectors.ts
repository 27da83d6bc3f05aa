/** The connectors: who works for them, what waits, and the switch that holds all calls of one. */
import { z } from 'zod';
import { isoTime, SYSTEMS, type System } from '../../domain';
import { defineOperation, type Caller, type Operation } from '../operation';
import { asking, type WorkflowDeps } from './context';
import { callsOf, holdCalls } from './task-queue';
import type { Temporal } from './temporal';

const connector = z.object({
  system: z.string(),
  label: z.string().nullable(),
  mode: z.enum(['off', 'observe', 'on']),
  taskQueue: z.string(),
  held: z.object({ reason: z.string(), by: z.string().nullable(), since: z.string().nullable() }).nullable(),
  pollers: z.number(),
  lastPollAt: z.string().nullable(),
  backlog: z.number(),
});

type Connector = z.infer<typeof connector>;

const system = z.enum(SYSTEMS);
const order = z.object({ system, reason: z.string().trim().min(1).max(500) });

export function createConnectors(deps: WorkflowDeps): readonly Operation[] {
  const read = async (temporal: Temporal): Promise<Connector[]> =>
    Promise.all(SYSTEMS.map((each) => readOne(deps, temporal, each)));
  return [
    defineOperation({
      id: 'listConnectors',
      method: 'GET',
      path: '/api/connectors',
      role: 'viewer',
      summary: 'The connectors: mode, workers, calls that wait, and which are held',
      input: z.object({}),
      output: z.object({ connectors: z.array(connector) }),
      handle: asking(deps, async ({ temporal }) => ({ connectors: await read(temporal) })),
    }),
    switchOf(
      deps,
      'hold',
      'Hold all calls to a system: none is made until it is released; calls that have begun go on',
    ),
    switchOf(deps, 'release', 'Release a system that was held: the calls that wait are made'),
  ];
}

function switchOf(deps: WorkflowDeps, action: 'hold' | 'release', summary: string): Operation {
  return defineOperation({
    id: `${action}Connector`,
    method: 'POST',
    path: `/api/connectors/{system}/${action}`,
    role: 'operator',
    summary,
    input: order,
    output: connector,
    handle: asking(deps, async ({ temporal }, input: z.output<typeof order>, { by }: Caller) => {
      const { reason } = input;
      await holdCalls(temporal, taskQueueOf(input.system), { reason, by, isHeld: action === 'hold' });
      deps.log.info({ system: input.system, action, by }, 'a connector was switched');
      deps.onChange?.('connectors');
      return readOne(deps, temporal, input.system);
    }),
  });
}

function taskQueueOf(of: System): string {
  return `mindtickle-${of}`;
}

async function readOne({ modes, policy }: WorkflowDeps, temporal: Temporal, of: System): Promise<Connector> {
  const taskQueue = taskQueueOf(of);
  const { held, pollers, lastPollAt, backlog } = await callsOf(temporal, taskQueue);
  return {
    system: of,
    label: policy.labels?.[of] ?? null,
    mode: modes()[of] ?? 'off',
    taskQueue,
    held: held && { ...held, since: timeOf(held.since) },
    pollers,
    lastPollAt: timeOf(lastPollAt),
    backlog,
  };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
