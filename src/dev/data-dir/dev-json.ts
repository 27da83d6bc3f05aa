import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { lockFile } from '../../file-lock';
import { dataDirAt, type DataDir } from './paths';

const stackInfo = z.object({
  ready: z.literal(true),
  /** Base URL of the receiver. */
  receiver: z.string(),
  /** Base URL of the receiver's private port. */
  receiverPrivate: z.string(),
  /** Base URL of the operations; null: they were not started. */
  ops: z.string().nullable(),
  /** Token of an operator there; null: the user's OPS_TOKENS have none. */
  opsToken: z.string().nullable(),
  /** Base URL of the stand-ins. */
  standIns: z.string(),
  /** MindTickle's management API there: what MINDTICKLE_API_URL and MINDTICKLE_API_TOKEN are elsewhere. */
  mindtickleApi: z.object({ url: z.string(), token: z.string() }),
  /** `host:port` */
  temporalAddress: z.string(),
  /** Base URL of Temporal Web UI; null: the user's own server, whose UI we do not know. */
  temporalUi: z.string().nullable(),
  companyId: z.string(),
  webhookSecret: z.string(),
  pids: z.record(z.string(), z.number()),
});

/** A running `mt dev`, as its one line of JSON and `DATA_DIR/dev.json` describe it. */
export type StackInfo = z.infer<typeof stackInfo>;

/** The `mt dev` that runs on the data directory; undefined when none does, or it is still starting. */
export function readDevJson(dataDir: string): StackInfo | undefined {
  const dir = dataDirAt(dataDir);
  return readWhileLocked(dir, dir.devJson, stackInfo);
}

/** `postgres://…` of the ledger that the running `mt dev` started; undefined when none runs, or it uses the user's own. */
export function readDevLedger(dataDir: string): string | undefined {
  const dir = dataDirAt(dataDir);
  return readWhileLocked(dir, dir.devLedger, z.object({ url: z.string() }))?.url;
}

/** A file of the `mt dev` that runs there; undefined when none does: a killed one leaves its files, but no lock. */
export function readWhileLocked<T>({ lock }: DataDir, file: string, schema: z.ZodType<T>): T | undefined {
  try {
    if (!existsSync(lock)) return undefined;
    const ours = lockFile(lock, '');
    ours?.release();
    return ours === undefined ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  } catch {
    return undefined;
  }
}
