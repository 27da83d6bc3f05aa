/** In the workflow's sandbox: after each activation, what it has walked for the first time is handed out. */
import { proxySinks, type WorkflowInterceptors } from '@temporalio/workflow';
import type { CoverageSinks, Walked } from './sink';

/** As the instrumented code keeps it: how often each statement, and each arm of each branch, was walked. */
interface Counters {
  readonly s: Readonly<Record<string, number>>;
  readonly b: Readonly<Record<string, readonly number[]>>;
}

const { coverage } = proxySinks<CoverageSinks>();

export function interceptors(): WorkflowInterceptors {
  const known = new Set<string>();
  return {
    internals: [
      {
        concludeActivation: (input, next) => {
          const walked = newlyWalked(known);
          if (walked.length > 0) coverage.walked(walked);
          return next(input);
        },
      },
    ],
  };
}

function newlyWalked(known: Set<string>): Walked {
  const all = (globalThis as { readonly __coverage__?: Readonly<Record<string, Counters>> }).__coverage__ ?? {};
  const fresh: string[] = [];
  const see = (key: string, times: number): void => {
    if (times === 0 || known.has(key)) return;
    known.add(key);
    fresh.push(key);
  };
  for (const [file, { s, b }] of Object.entries(all)) {
    for (const [id, times] of Object.entries(s)) see(`${file}#s${id}`, times);
    for (const [id, arms] of Object.entries(b)) arms.forEach((times, arm) => see(`${file}#b${id}.${arm}`, times));
  }
  return fresh;
}
