import type * as Demo from '../commands/demo';
import type * as Dev from '../commands/dev';
import type * as DataDir from '../dev/data-dir';
import type * as Learners from '../commands/learners';
import type * as Ledger from '../commands/ledger';
import type * as Receiver from '../commands/receiver';
import type * as Send from '../commands/send';
import type * as Setup from '../commands/setup';
import type * as Spool from '../commands/spool';
import type * as StandIns from '../commands/stand-ins';
import type * as Verify from '../commands/verify';
import type * as WorkerCommand from '../commands/worker';
import type * as Settings from '../settings';

/* eslint-disable @typescript-eslint/no-require-imports --
 * Each command is loaded when it is run, so that `mt --help` does not wait for Temporal's SDK. `import()` would want file
 * extensions, as for an ES module. The settings load zod and a YAML parser. */
export const load = {
  dev: (): typeof Dev => require('../commands/dev') as typeof Dev,
  dataDir: (): typeof DataDir => require('../dev/data-dir') as typeof DataDir,
  demo: (): typeof Demo => require('../commands/demo') as typeof Demo,
  send: (): typeof Send => require('../commands/send') as typeof Send,
  verify: (): typeof Verify => require('../commands/verify') as typeof Verify,
  receiver: (): typeof Receiver => require('../commands/receiver') as typeof Receiver,
  worker: (): typeof WorkerCommand => require('../commands/worker') as typeof WorkerCommand,
  learners: (): typeof Learners => require('../commands/learners') as typeof Learners,
  ledger: (): typeof Ledger => require('../commands/ledger') as typeof Ledger,
  settings: (): typeof Settings => require('../settings') as typeof Settings,
  setup: (): typeof Setup => require('../commands/setup') as typeof Setup,
  spool: (): typeof Spool => require('../commands/spool') as typeof Spool,
  standIns: (): typeof StandIns => require('../commands/stand-ins') as typeof StandIns,
};
/* eslint-enable @typescript-eslint/no-require-imports */
