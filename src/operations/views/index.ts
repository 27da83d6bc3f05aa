/** What the ledger knows, as people look at it: each area is a list of operations. */
import type { Operation } from '../operation';
import { createAuditOperations } from './audit';
import { createDeliveryOperations } from './deliveries';
import type { ViewDeps } from './deps';
import { createEvidenceOperations } from './evidence';
import { createForgetOperations } from './forget';
import { createLeaderboardOperations } from './leaderboard';
import { createLearnerOperations } from './learners';
import { createLeaverOperations } from './leavers';
import { createNoteOperations } from './notes';
import { createObservedOperations } from './observed';
import { createProgressOperations } from './progress';

export { auditCsv, auditRow, type AuditRow } from './audit';
export type { ViewDeps } from './deps';
export { createReceivers } from './receivers';

export function createViewOperations(deps: ViewDeps): readonly Operation[] {
  return [
    createLeaverOperations,
    createEvidenceOperations,
    createLeaderboardOperations,
    createProgressOperations,
    createLearnerOperations,
    createNoteOperations,
    createForgetOperations,
    createAuditOperations,
    createDeliveryOperations,
    createObservedOperations,
  ].flatMap((create) => create(deps));
}
