import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { startEmbedded, type EmbeddedLedger } from '../src/dev/embedded-ledger';
import { exemptLoopback } from '../src/dev/loopback';
import { createLogger } from '../src/telemetry';
import { findTemporalCli, findTestServer } from '../src/dev/temporal/binaries';
import { startDevServer, type DevServer } from '../src/dev/temporal/dev-server';
import { freePort } from './free-port';
import { scratchRoot } from './scratch';

declare global {
  var testStack: { readonly stop: () => Promise<void> } | undefined;
}

/**
 * One Temporal dev server, one ledger and one bundle of the workflows for the whole run. Tests find them by `TEST_*`;
 * each file has a database of its own.
 */
export default async function globalSetup(): Promise<void> {
  exemptLoopback(process.env);
  const directory = await mkdtemp(join(scratchRoot(), 'mindtickle-test-'));
  // The user that Postgres runs as has to reach it.
  await chmod(directory, 0o755);
  const bundle = join(directory, 'workflow-bundle.js');
  const [cli, testServer] = await findBinaries();
  const [temporal, ledger] = await Promise.all([
    startTemporal(directory, cli),
    startLedger(directory),
    writeBundle(bundle),
  ]);
  Object.assign(process.env, {
    TEMPORAL_CLI_PATH: cli,
    TEST_TEMPORAL_TEST_SERVER: testServer,
    TEST_TEMPORAL_ADDRESS: temporal.address,
    TEST_DATABASE_URL: ledger.url,
    TEST_WORKFLOW_BUNDLE: bundle,
  });
  globalThis.testStack = {
    stop: async () => {
      await Promise.all([temporal.stop(), ledger.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function findBinaries(): Promise<readonly [string, string]> {
  const progress = (line: string): boolean => process.stderr.write(`${line}\n`);
  const options = { env: process.env, progress, fallbackDir: resolve(__dirname, '../.data/cache') };
  const cli = await findTemporalCli(options);
  const testServer = await findTestServer(options);
  return [cli.path, testServer.path];
}

async function startTemporal(directory: string, cliPath: string): Promise<DevServer> {
  const dbFile = join(directory, 'temporal.db');
  return startDevServer({ cliPath, dbFile, port: await freePort() });
}

async function startLedger(directory: string): Promise<EmbeddedLedger> {
  return startEmbedded({
    dataDir: join(directory, 'ledger'),
    port: await freePort(),
    log: createLogger('ledger', 'warn'),
  });
}

async function writeBundle(path: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: resolve(__dirname, '../workflows'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(path, code);
}
