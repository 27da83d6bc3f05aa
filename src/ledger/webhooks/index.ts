/** Our webhook at MindTickle: what was registered, how it does, and what people are notified of. */
export { readWebhookFacts } from './facts';
export {
  changeIncidents,
  dueWebhookNotices,
  firstDeliveryAfter,
  markWebhookNotified,
  openIncidents,
  type WebhookNotice,
} from './incidents';
export { readWebhook, REACTIVATE_STEP, storeWebhook, webhookWorkflowId } from './registration';
export { observeWebhook } from './observation';
