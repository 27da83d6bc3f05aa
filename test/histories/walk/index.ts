/** What of `workflows/` the recorded histories walk: a statement or an arm of a branch that none walks may be changed unseen. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker, type InjectedSinks } from '@temporalio/worker';
import { bundle, WORKFLOWS } from '../bundle';
import { readHistory, type Recorded } from '../files';
import { EXCEPTIONS, type Exception } from './exceptions';
import type { CoverageSinks } from './sink';

type Kind = 'statements' | 'branches';

/** A statement, or an arm of a branch. */
export interface Place {
  readonly kind: Kind;
  /** From `workflows/` on. */
  readonly file: string;
  readonly line: number;
  /** That line, and the arm where it has several. */
  readonly text: string;
  readonly isWalked: boolean;
  readonly exception?: Exception | undefined;
}

export interface Walk {
  /** Those that do not replay. */
  readonly failed: readonly Recorded[];
  readonly places: readonly Place[];
}

/** Replay them all, once. */
export async function walk(histories: readonly Recorded[]): Promise<Walk> {
  const maps = new Map<string, FileMap>();
  const workflowBundle = await bundle(
    { loader: require.resolve('./instrument.cjs'), options: { maps } },
    { workflowInterceptorModules: [require.resolve('./interceptor')] },
  );
  const walked = new Set<string>();
  const sinks: InjectedSinks<CoverageSinks> = {
    coverage: {
      walked: { fn: (_info, keys) => keys.forEach((key) => walked.add(key)), callDuringReplay: true },
    },
  };
  const failed: Recorded[] = [];
  const replays = Worker.runReplayHistories({ workflowBundle, sinks }, read(histories));
  for await (const { workflowId, error } of replays)
    if (error !== undefined) failed.push(histories[Number(workflowId)] as Recorded);
  return { failed, places: [...maps].flatMap(([file, map]) => placesOf(file, map, walked)) };
}

function* read(histories: readonly Recorded[]) {
  for (const [index, recorded] of histories.entries())
    yield { workflowId: String(index), history: historyFromJSON(JSON.parse(readHistory(recorded))) };
}

/** As a percentage of all that is not listed. */
export function percentOf(places: readonly Place[], kind: Kind): number {
  const counted = places.filter((place) => place.kind === kind && (place.isWalked || place.exception === undefined));
  if (counted.length === 0) return 100;
  return (100 * counted.filter(({ isWalked }) => isWalked).length) / counted.length;
}

/** `process/steps.ts:193 [if, arm 2] if (decision !== undefined) return decision;` */
export function unwalked(places: readonly Place[]): readonly string[] {
  const left = places.filter(({ isWalked, exception }) => !isWalked && exception === undefined);
  return [...new Set(left.map(({ file, line, text }) => `workflows/${file}:${line} ${text}`))];
}

/** Entries of the list that nothing needs: it is walked, or gone. */
export function unusedExceptions(places: readonly Place[]): readonly string[] {
  const used = new Set(places.filter(({ isWalked }) => !isWalked).map(({ exception }) => JSON.stringify(exception)));
  return EXCEPTIONS.filter((exception) => !used.has(JSON.stringify(exception))).map(
    ({ file = 'any file', code }) => `${file}: ${code}`,
  );
}

interface Range {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };
}

/** As Istanbul has it. */
interface FileMap {
  readonly statementMap: Readonly<Record<string, Range>>;
  readonly fnMap: Readonly<Record<string, { readonly decl: Range; readonly loc: Range }>>;
  readonly branchMap: Readonly<
    Record<string, { readonly loc: Range; readonly type: string; readonly locations: readonly Partial<Range>[] }>
  >;
}

function placesOf(path: string, map: FileMap, walked: ReadonlySet<string>): readonly Place[] {
  const file = relative(WORKFLOWS, path);
  const lines = readFileSync(path, 'utf8').split('\n');
  const textOf = (line: number): string => lines[line - 1]?.trim() ?? '';
  const functions = Object.values(map.fnMap).map(({ decl, loc }) => ({
    code: textOf(decl.start.line),
    start: decl.start.line,
    end: loc.end.line,
  }));
  const place = (kind: Kind, key: string, line: number, arm = ''): Place => {
    const around = functions.filter(({ start, end }) => start <= line && line <= end).map(({ code }) => code);
    const exception = EXCEPTIONS.find(
      (one) =>
        (one.file ?? file) === file && (one.whole === true ? around.some(has(one.code)) : has(one.code)(textOf(line))),
    );
    return { kind, file, line, text: `${arm}${textOf(line)}`, isWalked: walked.has(`${path}#${key}`), exception };
  };
  return [
    ...Object.entries(map.statementMap).map(([id, { start }]) => place('statements', `s${id}`, start.line)),
    ...Object.entries(map.branchMap).flatMap(([id, { loc, type, locations }]) =>
      locations.map(({ start }, arm) =>
        // Of an `if` without `else`, the other arm is nowhere.
        place('branches', `b${id}.${arm}`, start?.line ?? loc.start.line, `[${type}, arm ${arm + 1}] `),
      ),
    ),
  ];
}

function has(code: string): (text: string) => boolean {
  return (text) => text.includes(code);
}
