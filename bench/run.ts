import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { timeLeavers } from './leaver';
import { measure, type Plan, type Sample } from './measure';
import { ours } from './ours';
import { bullmq, floor, pgBoss, restate } from './peers';
import type { Results, VariantResult } from './results';
import { openStack, type Stack } from './stack';
import { empty, naive } from './temporal';
import { usageOf } from './usage';
import { Missing, type System, type Variant } from './variant';

/** In the order of the tables. */
export const variants: readonly Variant[] = [floor, ours, naive, empty, bullmq, pgBoss, restate];

export interface BenchOptions {
  readonly plan: Plan;
  /** Names; absent: all. Ours is always among them. */
  readonly only: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

interface Contestant {
  readonly variant: Variant;
  readonly system: System;
  readonly samples: Sample[];
}

export async function runBench(options: BenchOptions): Promise<Results> {
  const { signal, progress, only } = options;
  await prepare(progress);
  const stack = await openStack(signal, progress);
  try {
    const chosen = variants.filter(({ name }) => only === undefined || name === ours.name || only.includes(name));
    return await compare(stack, chosen, options);
  } finally {
    await stack.stop();
  }
}

/** A current build, and the peers' packages. */
async function prepare(progress: (line: string) => void): Promise<void> {
  await buildIfStale();
  if (existsSync(join(__dirname, 'node_modules'))) return;
  progress('installing what the bench compares with, into bench/node_modules');
  const failed = await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: __dirname }).then(
    () => false,
    () => true,
  );
  if (failed) progress('npm ci failed in bench/: the peers that it brings are missing');
}

export async function buildIfStale(): Promise<void> {
  await promisify(execFile)(process.execPath, [resolve(__dirname, '../bin/build.js'), '--if-stale']);
}

async function compare(stack: Stack, chosen: readonly Variant[], options: BenchOptions): Promise<Results> {
  const { plan, signal, progress } = options;
  const missing: Record<string, string> = {};
  const contestants: Contestant[] = [];
  const our = await ours.start(stack);
  const atRest = usageOf(our.pids());
  for (const variant of chosen) {
    const system = variant === ours ? our : await startUnlessMissing(variant, stack, missing);
    if (system !== undefined) contestants.push({ variant, system, samples: [] });
  }
  await playRounds(contestants, options);
  signal.throwIfAborted();
  const measured = contestants.filter(({ samples }) => samples.length > 0);
  for (const { variant, samples } of contestants)
    if (samples.length === 0) missing[variant.name] = 'there was no time for it';
  progress('a leaver behind a burst');
  const leaver = await timeLeavers(our, plan.behind);
  return {
    machine: machine(),
    versions: Object.assign(
      { node: process.version },
      ...contestants.map(({ system }) => system.versions),
    ) as Results['versions'],
    method: methodOf(plan, contestants),
    variants: await Promise.all(measured.map(resultOf)),
    missing,
    atRest,
    startedInMs: our.startedInMs,
    leaver,
  };
}

async function startUnlessMissing(
  variant: Variant,
  stack: Stack,
  missing: Record<string, string>,
): Promise<System | undefined> {
  try {
    return await variant.start(stack);
  } catch (error) {
    stack.signal.throwIfAborted();
    missing[variant.name] = error instanceof Missing ? error.message : `did not start: ${(error as Error).message}`;
    return undefined;
  }
}

/** Each round begins with another variant: whoever comes after a heavy one has no lasting disadvantage. */
async function playRounds(contestants: readonly Contestant[], { plan, signal, progress }: BenchOptions): Promise<void> {
  for (let round = 0; round < plan.rounds; round += 1) {
    const order = [...contestants.slice(round), ...contestants.slice(0, round)];
    for (const { variant, system, samples } of order) {
      signal.throwIfAborted();
      if (performance.now() > plan.limitSeconds * 1000) {
        progress(`no time for ${variant.name} in round ${round + 1} of ${plan.rounds}`);
        continue;
      }
      progress(`round ${round + 1} of ${plan.rounds}: ${variant.name}`);
      samples[round] = await measure(system, variant.acknowledges, plan);
    }
  }
}

async function resultOf({ variant, system, samples }: Contestant): Promise<VariantResult> {
  const { name, description } = variant;
  return { name, description, samples, historyLength: await system.historyLength?.() };
}

function machine(): Results['machine'] {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return {
    'processor:': `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`,
    'memory:': `${gibibytes} GiB`,
    'system:': `${type()} ${release()}`,
  };
}

function methodOf({ rounds, deliveries, burstSeconds, worked }: Plan, contestants: readonly Contestant[]): string[] {
  return [
    `Method: everything on one machine, the sender too. ${rounds} rounds, each through all variants. A burst is up to ${deliveries} deliveries of module.progress, some 400 bytes, a tenth of them sent twice, for at most ${burstSeconds} s; each connection sends its next delivery once it has its answer. One connection sends a tenth of them. completed/s and CPU: ${worked} deliveries over 32 connections, until the last one is worked off. CPU is that of every process of the variant, the stores too.`,
    contestants.map(({ variant }) => `${variant.name}: ${variant.description}`).join('\n'),
  ];
}
