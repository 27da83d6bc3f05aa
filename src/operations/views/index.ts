/** What the ledger knows, as people look at it: each area is a list of operations. */
import type { Operation } from '../operation';
import type { ViewDeps } from './deps';
import { createEvidenceOperations } from './evidence';
import { createLeaverOperations } from './leavers';
import { createNoteOperations } from './notes';

export type { ViewDeps } from './deps';

export function createViewOperations(deps: ViewDeps): readonly Operation[] {
  return [...createLeaverOperations(deps), ...createEvidenceOperations(deps), ...createNoteOperations(deps)];
}
