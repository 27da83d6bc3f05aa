import { resolve } from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type BundleOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';

export const WORKFLOWS = resolve(__dirname, '../../workflows');

/** A webpack loader that changes the TypeScript of `workflows/` before its types are stripped. */
export interface Loader {
  readonly loader: string;
  readonly options: object;
}

/** As the worker's own bundle, but each file as the loader makes it. `cacheDirectory`: what is bundled again is quick. */
export function bundle(
  change: Loader,
  { cacheDirectory, ...options }: Partial<BundleOptions> & { readonly cacheDirectory?: string } = {},
): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    logger: new DefaultLogger('ERROR'),
    ...options,
    webpackConfigHook: (config) => ({
      ...config,
      // The worker wants one; nobody reads it.
      devtool: 'inline-nosources-cheap-source-map',
      ...(cacheDirectory !== undefined && { cache: { type: 'filesystem', cacheDirectory, buildDependencies: {} } }),
      module: {
        ...config.module,
        rules: [
          ...(config.module?.rules ?? []).filter((rule) => !isForSourceMaps(rule)),
          { test: /\.ts$/, include: WORKFLOWS, enforce: 'pre', use: [change] },
        ],
      },
    }),
  });
}

/** Reads the source maps of all packages, which takes as long as all the rest. */
function isForSourceMaps(rule: unknown): boolean {
  return JSON.stringify(rule).includes('source-map-loader');
}
