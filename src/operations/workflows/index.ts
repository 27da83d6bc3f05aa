import type { Operation } from '../operation';
import { createAccessCheck } from './access-check';
import { createBulk } from './bulk';
import { createConnectors } from './connectors';
import type { WorkflowDeps } from './context';
import { createList } from './list';
import { createMessages } from './message';
import { createNeeds } from './needs';
import { createQuarantine } from './quarantine';
import { createShow } from './show';

export { createAskedByViews } from './asked-by-views';
export type { WorkflowDeps } from './context';

/** What people see of workflows, and what they do about them. */
export function createWorkflowOperations(deps: WorkflowDeps): readonly Operation[] {
  return [
    createList(deps),
    createNeeds(deps),
    createShow(deps),
    createAccessCheck(deps),
    ...createMessages(deps),
    ...createBulk(deps),
    ...createConnectors(deps),
    ...createQuarantine(deps),
  ];
}
