import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { StackInfo } from '../../src/dev/data-dir';
import { deliver } from '../../src/dev/mindtickle';
import type { StandInsState } from '../../src/dev/stand-ins';
import { stateQuery, type ProcessState } from '../../workflows/messages';
import { ANY_PORTS, mtScript } from '../mt';
import { scratchRoot } from '../scratch';

/** A `mt dev` as its user starts it, on free ports and a directory of its own. */
export interface DevStack {
  readonly info: StackInfo;
  readonly dataDir: string;
  readonly process: ChildProcess;
  readonly client: Client;
  readonly send: (event: string, eventId: string, data: object) => Promise<number>;
  readonly effects: () => Promise<StandInsState>;
  readonly setFault: (system: string, fault: object) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A data directory that the user of Postgres can reach. */
export function newDataDir(): string {
  const path = mkdtempSync(join(scratchRoot(), 'mindtickle-e2e-'));
  chmodSync(path, 0o755);
  return path;
}

export function removeDataDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Start it, and wait for its line. Rejects with what it said when it ends before. */
export async function startDev(dataDir: string, env: NodeJS.ProcessEnv = {}): Promise<DevStack> {
  const child = spawn(process.execPath, [mtScript, 'dev', '--json', '--data-dir', dataDir, ...ANY_PORTS], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const info = await firstLine(child);
  const connection = await Connection.connect({ address: info.temporalAddress });
  return {
    info,
    dataDir,
    process: child,
    client: new Client({ connection }),
    send: async (event, eventId, data) => {
      const url = `${info.receiver}/webhooks/mindtickle`;
      const sent = await deliver({ url, secret: info.webhookSecret, companyId: info.companyId, event, eventId, data });
      return sent.status;
    },
    effects: async () => (await (await fetch(`${info.standIns}/_state`)).json()) as StandInsState,
    setFault: async (system, fault) => {
      await fetch(`${info.standIns}/_faults/${system}`, {
        method: 'PUT',
        body: JSON.stringify(fault),
        headers: JSON_TYPE,
      });
    },
    stop: async () => {
      await connection.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

async function firstLine(child: ChildProcess): Promise<StackInfo> {
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  for await (const line of createInterface({ input: child.stdout ?? process.stdin }))
    return JSON.parse(line) as StackInfo;
  throw new Error(`mt dev ended before it was ready:\n${said.join('')}`);
}

/** Ask until the answer is as wanted; what rejects meanwhile is asked again. The test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && wanted(answer)) return answer;
    await setImmediate();
  }
}

export function untilState(handle: WorkflowHandle, wanted: (state: ProcessState) => boolean): Promise<ProcessState> {
  return until(() => handle.query(stateQuery), wanted);
}

export const stepIs =
  (name: string, status: string) =>
  ({ steps }: ProcessState): boolean =>
    steps.some((step) => step.step === name && step.status === status);
