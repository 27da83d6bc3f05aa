import type { Sinks } from '@temporalio/workflow';

/** Keys of statements and of arms of branches: `<file>#s<id>`, `<file>#b<id>.<arm>`. */
export type Walked = readonly string[];

export interface CoverageSinks extends Sinks {
  readonly coverage: { readonly walked: (walked: Walked) => void };
}
