import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The task queue of all workflows and of the ledger's activities. */
export const TASK_QUEUE = 'mindtickle';

/** Registered by `mt dev` and `mt setup`; a start that names an unregistered one is refused by Temporal. */
export const searchAttributes = {
  event: defineSearchAttributeKey('MindtickleEvent', SearchAttributeType.KEYWORD),
  userId: defineSearchAttributeKey('MindtickleUserId', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('MindticklePhase', SearchAttributeType.KEYWORD),
  deadline: defineSearchAttributeKey('MindtickleDeadline', SearchAttributeType.DATETIME),
} as const;
