import { createHash } from 'node:crypto';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import { isEmail, renderNotification, type Notification } from '../src/domain';
import { claimAlert, releaseAlert, type Alert } from '../src/ledger';
import { withinTime } from './deadline';
import { createCredentialMemory } from './credentials';
import type { StepContext, Write } from './write-once';
import { credentialsRefused, rejected, unavailable } from './failure';
import { askLedger } from './ledger/call';

export interface MailActivities {
  /** Send one letter to one address. `role` says in the ledger to whom, so that no address has to. */
  sendLetter(context: StepContext, to: string, role: Role, letter: Notification): Promise<Sent>;
}

/** `told before`: another process has just told the same person of the same cause. */
export type Sent = 'sent' | 'observed' | 'told before';

/** `lead`: of the team's escalation list. `other`: named by whoever escalated. */
export type Role = 'learner' | 'manager' | 'lead' | 'administrator' | 'other';

export interface MailDeps {
  /** `smtp://user:password@host:port`, `smtps://…`. */
  readonly url: () => string;
  readonly from: string;
  readonly write: Write;
  readonly alerts: Alerts;
  /** How long one letter may take, in ms; under the activity's own limit. */
  readonly timeoutMs?: number;
}

/** @throws `ledger.unavailable` (retries). */
export interface Alerts {
  /** True when nobody has told this recipient of this cause lately. */
  readonly claim: (alert: Alert) => Promise<boolean>;
  readonly release: (alert: Alert) => Promise<void>;
}

const QUIET_HOURS = 1;

export function createAlerts(pool: Pool): Alerts {
  return {
    claim: (alert) => askLedger(() => claimAlert(pool, alert, QUIET_HOURS)),
    release: (alert) => askLedger(() => releaseAlert(pool, alert)),
  };
}

/**
 * Mail by SMTP (RFC 5321). A letter has one Message-ID for ever: after a lost answer it is sent again under the same,
 * by which mailboxes (and people) know it; SMTP itself cannot be asked.
 * @throws `mail.unavailable` and `ledger.unavailable` (retry), `mail.rejected`.
 */
export function createMailActivities({ url, from, write, alerts, timeoutMs }: MailDeps): MailActivities {
  const send = createSend({ url, from, ...(timeoutMs !== undefined && { timeoutMs }) });

  async function sendLetter(context: StepContext, to: string, role: Role, letter: Notification): Promise<Sent> {
    // One address, and nothing that a mailer would read as more: it may come from the identity provider.
    if (!isEmail(to)) throw rejected('mail', `has no usable address for the ${role}`);
    const workflowId = Context.current().info.workflowExecution?.workflowId ?? 'none';
    const recipient = digest(to.toLowerCase());
    const effect = {
      context,
      naturalKey: `${letter.kind}:${role}:${recipient}`,
      would: { letter: letter.kind, to: role },
    };
    const alert = alertOf(letter, { recipient, workflowId, step: context.step });
    return write(effect, async () => {
      if (alert !== undefined && !(await alerts.claim(alert))) return 'told before' as const;
      try {
        return await send(to, `${workflowId} ${context.step} ${recipient}`, letter);
      } catch (error) {
        const isForGood = error instanceof ApplicationFailure && error.nonRetryable === true;
        if (alert !== undefined && isForGood) await alerts.release(alert);
        throw error;
      }
    });
  }

  return { sendLetter };
}

/** `key`: its Message-ID is made of it. */
function createSend({
  url,
  from,
  timeoutMs = 12_000,
}: Pick<MailDeps, 'url' | 'from' | 'timeoutMs'>): (to: string, key: string, letter: Notification) => Promise<'sent'> {
  const transport = createTransports(url);
  const memory = createCredentialMemory('mail');
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '');

  return async (to, key, letter) => {
    const credential = url();
    memory.require(credential);
    // Its own limits are for a silent server: one that says a word now and then would hold the attempt for ever.
    const messageId = `<${digest(key)}@${domain}>`;
    try {
      await withinTime(timeoutMs, async (signal) => {
        const mail: SendMailOptions & { signal: AbortSignal } = {
          from,
          to,
          messageId,
          signal,
          ...renderNotification(letter),
        };
        return transport().sendMail(mail);
      });
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      const failure = failureFromSmtp(error);
      if ((error as { responseCode?: number }).responseCode === 535) memory.learn(credential, failure);
      throw failure;
    }
    memory.learn(credential, undefined);
    return 'sent';
  };
}

/** Connects and signs in, and sends nothing. @throws as the activities. */
export async function checkMail({ url }: Pick<MailDeps, 'url'>): Promise<void> {
  try {
    await createTransports(url)().verify();
  } catch (error) {
    throw failureFromSmtp(error);
  }
}

/** The transport of the URL as it stands: another one when the password is. */
function createTransports(url: () => string): () => Transporter {
  const timeouts = { connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 8000 };
  const options = { disableFileAccess: true, disableUrlAccess: true, ...timeouts };
  const held: { url?: string; transport?: Transporter } = {};
  return () => {
    const now = url();
    if (held.transport !== undefined && held.url === now) return held.transport;
    held.url = now;
    held.transport = createTransport({ url: now, ...options });
    return held.transport;
  };
}

function alertOf(letter: Notification, teller: Omit<Alert, 'cause'>): Alert | undefined {
  return letter.kind === 'parked' && letter.cause !== undefined ? { ...teller, cause: letter.cause } : undefined;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Authentication required, too weak, failed, or wanting encryption (RFC 4954 §6). */
const CREDENTIALS_REFUSED = [530, 534, 535, 538];

/**
 * 5xx and a refused envelope are for good (RFC 5321 §4.2.1); all else may pass, and so may TLS that fails: certificates
 * are renewed. Nothing is sent in the clear where the server offers STARTTLS.
 */
function failureFromSmtp(error: unknown): ApplicationFailure {
  const { code = 'unknown', responseCode: status } = error as { code?: string; responseCode?: number };
  const details = { code, ...(status !== undefined && { status }) };
  if (status !== undefined && CREDENTIALS_REFUSED.includes(status)) return credentialsRefused('mail', status, details);
  const isForGood = status === undefined ? code === 'EENVELOPE' : status >= 500 && code !== 'ETLS';
  return isForGood
    ? rejected('mail', `answered ${status ?? 'with a refusal'}`, details)
    : unavailable('mail', 'did not take the letter', details);
}
