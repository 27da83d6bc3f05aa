import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The limits of a run, as `workflows/process/continue-as-new.ts` has them, and a tenth of them. */
const LIMITS = [
  ['MAX_EVENTS = 2000', 'MAX_EVENTS = 200'],
  ['TRIED_DURING = 250', 'TRIED_DURING = 25'],
  ['TRIED_EVERY = 1000', 'TRIED_EVERY = 100'],
] as const;

/** A bundle of the workflows whose runs are long after a tenth of the events. @throws Error when a limit is not found. */
export function shortRuns(bundle: string): string {
  const path = `${bundle}.short.js`;
  if (existsSync(path)) return path;
  let code = readFileSync(bundle, 'utf8');
  for (const [limit, tenth] of LIMITS) {
    if (code.split(limit).length !== 2) throw new Error(`the bundle does not have \`${limit}\` once`);
    code = code.replace(limit, tenth);
  }
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}
