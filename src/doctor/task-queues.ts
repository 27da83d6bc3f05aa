/** Whether a worker polls each task queue, of which build it is, and whether calls are held. */
import { isoTime, MINUTE, type System } from '../domain';
import { describeTaskQueue, TASK_QUEUE, type TaskQueueState } from '../temporal';
import { fail, ok, warn, type Check, type Finding } from './check';
import { onTemporal, type TemporalChecks } from './temporal';

export interface TaskQueueChecks {
  readonly connect: TemporalChecks['connect'];
  /** Each has a task queue of its own. */
  readonly systems: readonly System[];
  /** As people call it: `Okta`. */
  readonly labelOf: (system: System) => string;
  /** Of this program; undefined: not known. */
  readonly build: string | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A worker polls at least once a minute. */
const SILENT_MS = 2 * MINUTE;

const START = 'Start `mt worker`; if it runs, see its log: it needs the settings of this system.';

export function taskQueueChecks({ connect, systems, labelOf, build, now }: TaskQueueChecks): readonly Check[] {
  const check = (name: string, queue: string, of: 'workflows' | 'calls'): Check =>
    onTemporal(name, connect, async ({ client }) => {
      const state = await describeTaskQueue(client, queue, of);
      return examineQueue(name, queue, state, { build, now: now() });
    });
  return [
    check('Worker', TASK_QUEUE, 'workflows'),
    ...systems.map((system) => check(`Worker for ${labelOf(system)}`, `${TASK_QUEUE}-${system}`, 'calls')),
  ];
}

export function examineQueue(
  name: string,
  queue: string,
  { pollers, lastPollAt, builds, held }: TaskQueueState,
  { build, now }: { readonly build: string | undefined; readonly now: number },
): readonly Finding[] {
  if (held !== null) {
    const why = held.reason === '' ? 'no reason was given' : held.reason;
    const system = queue.slice(TASK_QUEUE.length + 1);
    return [
      warn(name, `All calls are held: ${why}.`, `When that is over: \`mt connectors release ${system} --reason "…"\`.`),
    ];
  }
  if (lastPollAt === null || pollers === 0) return [fail(name, `No worker has polled ${queue} for 5 minutes.`, START)];
  if (now - lastPollAt > SILENT_MS)
    return [fail(name, `No worker polls ${queue} since ${isoTime(lastPollAt)}.`, START)];
  const others = build === undefined ? [] : builds.filter((each) => each !== build);
  if (others.length > 0)
    return [
      warn(
        name,
        `${queue} is polled by build ${others.join(', ')}, and this program is ${build}.`,
        'Restart the workers on this version, unless an upgrade is under way.',
      ),
    ];
  const of = builds.length === 0 ? '' : ` of build ${builds.join(', ')}`;
  return [ok(name, `${queue} is polled by ${pollers} ${pollers === 1 ? 'worker' : 'workers'}${of}.`)];
}
