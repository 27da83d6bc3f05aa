import type { System } from '../domain';
import { dataDirAt, dataDirOf, killRecorded } from '../dev/data-dir';
import { exemptLoopback } from '../dev/loopback';
import { withDotEnv } from '../settings';
import { stopAsked } from '../stop-signal';
import { startStack, type Stack, type StackOptions, type StackPorts } from '../dev/stack';

export interface DevOptions {
  readonly port?: number;
  readonly opsPort?: number;
  readonly standInsPort?: number;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly dataDir?: string;
  readonly connect?: System;
  readonly json?: boolean;
}

/**
 * `mt dev`: run the whole stack on this machine until Ctrl-C.
 * @returns 0 when it was stopped after it had been ready, 1 when before.
 * @throws Error, SettingsError when it cannot be started.
 */
export async function runDev(options: DevOptions): Promise<number> {
  const begunAt = performance.now();
  exemptLoopback(process.env);
  const env = withDotEnv(process.env);
  const dataDir = options.dataDir ?? dataDirOf(env);
  ignoreClosedTerminal();
  const stopping = new AbortController();
  const asked = stopAsked(() => killRecorded(dataDirAt(dataDir).processes)).then(() => stopping.abort());
  const stackOptions: StackOptions = {
    env,
    dataDir,
    ports: portsOf(options, env),
    connect: options.connect,
    progress: (line) => console.error(line),
    signal: stopping.signal,
  };
  const stack = await startStack(stackOptions).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
    console.error('stopped before it was ready');
    return undefined;
  });
  if (stack === undefined) return 1;
  // Whatever else ends us, short of a kill -9, leaves nothing behind.
  process.once('exit', () => killRecorded(dataDirAt(dataDir).processes));

  if (options.json === true) console.log(JSON.stringify(stack.info()));
  else console.log(banner(stack, stackOptions, performance.now() - begunAt));
  await asked;
  console.error('stopping …');
  await stack.stop();
  return 0;
}

function portsOf(options: DevOptions, env: StackOptions['env']): StackPorts {
  return {
    receiver: options.port ?? Number(env['PORT'] ?? 3000),
    ops: options.opsPort ?? Number(env['OPS_PORT'] ?? 3001),
    standIns: options.standInsPort ?? 3002,
    temporal: options.temporalPort ?? 7233,
    temporalUi: options.uiPort ?? 8233,
  };
}

/** When the terminal is gone, what we still say while stopping has nowhere to go. */
function ignoreClosedTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

function banner(stack: Stack, { connect }: StackOptions, tookMs: number): string {
  const info = stack.info();
  const rows = [
    ['Receiver', `${info.receiver}/webhooks/mindtickle`],
    [
      'Operations',
      `${String(info.ops)}/${info.opsToken === null ? '' : `#token=${encodeURIComponent(info.opsToken)}`}`,
    ],
    ['Temporal Web UI', info.temporalUi ?? `of your server at ${info.temporalAddress}`],
    ['Stand-ins', `${info.standIns} (what every other system holds)`],
    ['Ledger', stack.ledger],
    ['Data', `${stack.dir.path} (stays when this stops)`],
    ['Logs', stack.dir.logs],
    ...(connect === undefined ? [] : [[connect, 'the real system, as your environment has it; it is only observed']]),
  ] as const;
  const table = rows.map(([name, text]) => `  ${name.padEnd(17)}${text}`).join('\n');
  return `
Ready in ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops all of it.

${table}

Next, in a second terminal:  npx mt demo`;
}
