/** The commands about our webhook at MindTickle. */
import type { Command } from 'commander';
import type * as Webhooks from './webhooks';

/* eslint-disable-next-line @typescript-eslint/no-require-imports -- As in index.ts: each command is loaded when it is run. */
const load = (): typeof Webhooks => require('./webhooks') as typeof Webhooks;

type End = (code: number) => Promise<never>;

export function addWebhooks(program: Command, end: End): void {
  const webhooks = program.command('webhooks').description('our webhook at MindTickle: register it, see how it does');
  withSettings(
    webhooks.command('register').description('have MindTickle deliver to the receiver; run again, it changes nothing'),
  )
    .option(
      '--url <url>',
      'of the receiver, as MindTickle reaches it: https://…/webhooks/mindtickle (default: as before)',
    )
    .option('--events <names>', 'separated by commas (default: all six)')
    .option('--dry-run', 'print the plan, and change nothing')
    .option('--entered', 'it was entered by hand in Admin > Integrations: record it, so that its health is watched')
    .addHelpText(
      'after',
      '\nExits with 0 when it is registered, 1 when something is left to do by hand, 2 for bad usage.',
    )
    .action(async (options: Webhooks.RegisterOptions) => end(await load().runWebhooksRegister(options)));
  withSettings(webhooks.command('list').description('all that MindTickle has; * marks ours')).action(
    async (options: Webhooks.WebhooksOptions) => end(await load().runWebhooksList(options)),
  );
  withSettings(webhooks.command('show').description('what MindTickle says of it, what the ledger knows, how it does'))
    .argument('[id]', 'default: ours')
    .action(async (id: string | undefined, options: Webhooks.WebhooksOptions) =>
      end(await load().runWebhooksShow(id, options)),
    );
  withSettings(webhooks.command('reactivate').description('end a suspension; only while the receiver is ready'))
    .argument('[id]', 'default: ours')
    .option('--reason <text>', 'why; it stays in the audit', 'by hand')
    .option('--force', 'also when the receiver is not ready')
    .action(async (id: string | undefined, options: Webhooks.ReactivateOptions) =>
      end(await load().runWebhooksReactivate(id, options)),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document');
}
