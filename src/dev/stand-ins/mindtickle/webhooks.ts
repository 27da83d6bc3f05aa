import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Stored } from '../store';

const webhookSchema = z.object({
  webhookId: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  companyId: z.string(),
  status: z.enum(['active', 'suspended']),
  createdAt: z.string(),
  suspendedAt: z.string().nullable(),
});

export type Webhook = z.infer<typeof webhookSchema>;

/** What MindTickle keeps over a restart. */
export const tenantSchema = z.object({
  webhooks: z.array(webhookSchema),
  /** E-mails to the tenant's administrator. */
  mails: z.array(z.object({ to: z.string(), subject: z.string(), text: z.string(), at: z.string() })),
});

export type Tenant = z.infer<typeof tenantSchema>;

export type NewWebhook = Pick<Webhook, 'url' | 'events' | 'companyId'>;

/** The company's subscriptions. */
export interface Webhooks {
  readonly all: () => readonly Webhook[];
  readonly find: (webhookId: string) => Webhook | undefined;
  /** Always a new one, also for a URL that has one already. */
  readonly add: (wanted: NewWebhook) => Webhook;
  readonly change: (webhookId: string, changes: Partial<Webhook>) => void;
  readonly remove: (webhookId: string) => void;
  /** Stop sending to it, and notify the administrator. */
  readonly suspend: (webhookId: string, adminEmail: string) => void;
}

export function createWebhooks(tenant: Stored<Tenant>, now: () => Date): Webhooks {
  const write = (changes: Partial<Tenant>): void => tenant.write({ ...tenant.read(), ...changes });
  const all = (): readonly Webhook[] => tenant.read().webhooks;
  const find = (webhookId: string): Webhook | undefined => all().find((webhook) => webhook.webhookId === webhookId);
  const change = (webhookId: string, changes: Partial<Webhook>): void =>
    write({
      webhooks: all().map((webhook) => (webhook.webhookId === webhookId ? { ...webhook, ...changes } : webhook)),
    });
  return {
    all,
    find,
    change,
    add: (wanted) => {
      const createdAt = now().toISOString();
      const webhook: Webhook = { webhookId: randomUUID(), ...wanted, status: 'active', createdAt, suspendedAt: null };
      write({ webhooks: [...all(), webhook] });
      return webhook;
    },
    remove: (webhookId) => write({ webhooks: all().filter((webhook) => webhook.webhookId !== webhookId) }),
    suspend: (webhookId, adminEmail) => {
      const at = now().toISOString();
      change(webhookId, { status: 'suspended', suspendedAt: at });
      const text = `Deliveries to ${find(webhookId)?.url ?? ''} have failed for 24 hours. No more are sent until it is re-activated.`;
      const mail = { to: adminEmail, subject: `Webhook ${webhookId} is suspended`, text, at };
      write({ mails: [...tenant.read().mails, mail] });
    },
  };
}
