/** Our webhook at MindTickle: how it is registered, and how it does. */
export { checkWebhook, webhookChecks } from './health';
