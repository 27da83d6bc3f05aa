/** Our webhook at MindTickle: how it is registered, and how it does. */
export { createWebhookClient, type Answer, type RemoteWebhook, type WantedWebhook, type WebhookClient } from './client';
export { checkWebhook, webhookChecks } from './health';
export { isReceiverReady } from './readiness';
export { planWebhook, type ActualWebhook, type WebhookAction } from './reconcile';
export { doubtOfWebhookUrl, faultOfWebhookUrl } from './url-fault';
