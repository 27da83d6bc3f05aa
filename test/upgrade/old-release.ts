/** The code of another commit, as a bundle of its workflows, and the activities that its workers know. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

export interface OldRelease {
  readonly bundle: string;
  readonly knows: readonly string[];
}

export async function bundleOf(commit: string, directory: string): Promise<OldRelease> {
  const repository = resolve(__dirname, '../..');
  const tree = join(directory, 'old');
  mkdirSync(tree);
  // Its recorded histories are most of its bytes, and nobody needs them.
  const paths = ['package.json', 'src', 'workflows', 'activities', 'test/workflows', 'test/events'];
  const archive = execFileSync('git', ['archive', commit, ...paths], { cwd: repository, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '-C', tree], { input: archive });
  symlinkSync(join(repository, 'node_modules'), join(tree, 'node_modules'));
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(tree, 'workflows'),
    logger: new DefaultLogger('WARN'),
  });
  const bundle = join(directory, 'old.js');
  writeFileSync(bundle, code);
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { WELL } = require(join(tree, 'test/workflows/fakes.ts')) as { readonly WELL: object };
  return { bundle, knows: Object.keys(WELL) };
}
