/** Many workflows at once in one world: each one's activities answer as its own scenario says. */
import { activityInfo } from '@temporalio/activity';
import { ServiceError, type WorkflowHandle } from '@temporalio/client';
import { start, scenarios, type WorkflowName } from '../histories/scenarios';
import { atRest, cancelled, done, fakesOf, type Line, type Scenario } from '../histories/script';
import { WELL, type ActivityName, type Fakes } from '../workflows/fakes';
import { floodWithNoise, SHORT_BATCH } from '../workflows/flood';
import type { World } from '../workflows/world';

export interface Part {
  readonly workflow: WorkflowName;
  readonly scenario: string;
  readonly handle: WorkflowHandle;
  /** Of another one the first run is recorded alone. */
  readonly isRecordedWhole: boolean;
  /** Its script, as far as a change of workers, and from then on. */
  readonly begin: () => Promise<void>;
  readonly goOn: () => Promise<void>;
}

/** It goes on in a new run, which the code begins that runs then. */
const inANewRun: Scenario = {
  event: 'certification.expired',
  days: 40,
  isTimeless: true,
  script: [
    done('notifyManager'),
    atRest,
    (world, handle) => floodWithNoise(world, handle, SHORT_BATCH),
    atRest,
    cancelled,
  ],
};

/** Of each workflow so many scenarios that need no time to pass, from all over the list; several go on in new runs. */
function chosen(each: number): readonly (readonly [WorkflowName, string, Scenario])[] {
  const spread = (Object.keys(scenarios) as WorkflowName[]).flatMap((workflow) => {
    const own = Object.entries(scenarios[workflow]).filter(
      ([, { isTimeless, beside, event }]) => isTimeless === true && beside === undefined && event !== undefined,
    );
    const step = Math.max(1, own.length / each);
    const picked = own.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
    return picked.map(([name, scenario]) => [workflow, name, scenario] as const);
  });
  const long = Array.from({ length: 4 }, (_, n) => ['recertification', `in a new run ${n + 1}`, inANewRun] as const);
  return [...spread, ...long];
}

const ASKED_AGAIN = 60;

/** A question that went to a worker which has just gone has no answer: only that is asked again. */
export async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (let times = 1; ; times += 1) {
    try {
      return await ask();
    } catch (error) {
      const isQuestion = error instanceof ServiceError && error.message === 'Failed to query Workflow';
      if (!isQuestion || times === ASKED_AGAIN) throw error;
    }
  }
}

/** The world's workers are stopped: nothing runs before it is known whose it is. */
export function createCast(world: World): { readonly startAll: (each: number) => Promise<readonly Part[]> } {
  const base: World = { ...world };
  const views = new Map<string, World & { readonly own: Map<string, unknown> }>();

  function ownView(): (World & { readonly own: Map<string, unknown> }) | undefined {
    return views.get(activityInfo().workflowExecution?.workflowId ?? '');
  }

  for (const name of Object.keys(WELL) as ActivityName[]) {
    const answer = (...args: unknown[]): unknown => {
      const own = ownView()?.own;
      const fake = own?.has(name) ? own.get(name) : WELL[name];
      if (fake instanceof Error) throw fake;
      return typeof fake === 'function' ? (fake as (...given: unknown[]) => unknown)(...args) : fake;
    };
    world.fake(name, answer as never);
  }
  Object.defineProperties(world, {
    policy: { get: () => (ownView() ?? base).policy },
    modes: { get: () => (ownView() ?? base).modes },
  });

  function viewFor({ modes, policy, ...scenario }: Scenario): World & { readonly own: Map<string, unknown> } {
    const own = new Map<string, unknown>(Object.entries(fakesOf(scenario)));
    return {
      ...base,
      own,
      policy: { ...base.policy, ...policy?.(base.policy) },
      modes: { ...base.modes, ...modes },
      fake: (name, ...fake) => {
        if (fake.length > 0) own.set(name, fake[0]);
        else own.delete(name);
      },
      fakeAll: (fakes: Fakes) => {
        for (const [name, fake] of Object.entries(fakes)) own.set(name, fake);
      },
    };
  }

  async function startOne(workflow: WorkflowName, name: string, scenario: Scenario): Promise<Part> {
    const view = viewFor(scenario);
    const handle = await start(view, scenario, workflow);
    views.set(handle.workflowId, view);
    const lines = scenario.script ?? [];
    const middle = Math.floor(lines.length / 2);
    const play = async (some: readonly Line[]): Promise<void> => {
      for (const line of some) await answered(() => line(view, handle));
    };
    return {
      workflow,
      scenario: name,
      handle,
      isRecordedWhole: scenario.run === undefined,
      begin: () => play(lines.slice(0, middle)),
      goOn: () => play(lines.slice(middle)),
    };
  }

  return {
    startAll: async (each) => {
      const parts: Part[] = [];
      for (const [workflow, name, scenario] of chosen(each)) parts.push(await startOne(workflow, name, scenario));
      return parts;
    },
  };
}
