/** Started by the fixture: one embedded server, until standard input ends. Says where it is in one line of JSON. */
import { startEmbedded, type EmbeddedSettings } from '../../src/dev/embedded-ledger';
import { createLogger } from '../../src/telemetry';

async function main(settings: Omit<EmbeddedSettings, 'log'>): Promise<void> {
  const { kind, url, pid, stop } = await startEmbedded({ ...settings, log: createLogger('test', 'silent') });
  process.stdin.on('end', () => void stop().then(() => process.exit(0)));
  process.stdin.resume();
  process.stdout.write(`${JSON.stringify({ kind, url, pid })}\n`);
}

main(JSON.parse(process.argv[2] ?? '{}') as Omit<EmbeddedSettings, 'log'>).catch((error: unknown) => {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
