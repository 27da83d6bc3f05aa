import { proxyLocalActivities } from '@temporalio/workflow';

const { remember, apply } = proxyLocalActivities({ startToCloseTimeout: '5 seconds' });

/** The least that deduplicates and acts: no ledger, no search attributes, nothing that a person could ask or do. */
export async function naive(event) {
  await remember(event);
  await apply(event);
}

/** The least that Temporal can be asked to do. */
export async function empty() {
  return undefined;
}
