import { CancelledFailure, type ApplicationFailure } from '@temporalio/activity';
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import type { Pool } from 'pg';
import { isEmail, type Notification, type RenderedNotification, renderNotification } from '../src/domain';
import { findLearner, isOfAnotherLearner } from '../src/ledger';
import type { SystemSettings } from '../src/settings';
import { keysDisagree, readersOf, type Connector, type ConnectorDeps } from './connector';
import { createCredentialMemory } from './credentials';
import { withinTime } from './deadline';
import { askLedger, causeOf, credentialsRefused, networkCode, ofCall, rejected, unavailable } from './failure';
import { observeCall } from './observe-call';
import { createWrite, digest, ownWorkflowId, type StepContext } from './write-once';

export interface MailActivities {
  /** Send one message to one address. `role` says in the ledger to whom, so that no address has to. */
  sendMail(context: StepContext, to: string, role: Role, notification: Notification): Promise<Sent>;
}

export type Sent = 'sent' | 'observed';

/** `lead`: of the team's escalation list. `other`: named by whoever escalated. */
export type Role = 'learner' | 'manager' | 'lead' | 'administrator' | 'other';

/**
 * Mail by SMTP (RFC 5321). A message keeps one Message-ID: after a lost answer it is sent again under the same one, by which
 * mailboxes recognise it; SMTP itself cannot be asked.
 * @throws `mail.unavailable` and `ledger.unavailable` (retry), `mail.rejected`.
 */
export function connect({ url, from }: SystemSettings['mail'], deps: ConnectorDeps): Connector<MailActivities> {
  const { pool, timeoutMs } = deps;
  const write = createWrite('mail', pool);
  const transport = createTransports(url);
  const send = createSend({ url, from, transport, timeoutMs });

  async function sendMail(context: StepContext, to: string, role: Role, notification: Notification): Promise<Sent> {
    // One address, and nothing that a mailer would read as more: it may come from the identity provider.
    if (!isEmail(to)) throw rejected('mail', `has no usable address for the ${role}`);
    if (role === 'learner' && (await askLedger(() => isOfAnotherLearner(pool, context.userId, to))))
      throw keysDisagree('mail', 'an address of the learner', 'the ledger knows it as the address of another one');
    const workflowId = ownWorkflowId();
    const recipient = digest(to.toLowerCase());
    const effect = {
      context,
      naturalKey: `${notification.kind}:${role}:${recipient}`,
      would: { notification: notification.kind, to: role },
    };
    return write(effect, async () => {
      const readers = { ...readersOf(deps), person: await nameOf(pool, context) };
      return send(to, `${workflowId} ${context.step} ${recipient}`, renderNotification(notification, readers));
    });
  }

  /** Connects and signs in, and sends nothing. */
  async function check(): Promise<void> {
    await transport()
      .verify()
      .catch((error: unknown) => {
        throw failureFromSmtp(error);
      });
  }

  return { activities: { sendMail }, checks: [check] };
}

interface Sender extends Pick<ConnectorDeps, 'timeoutMs'> {
  readonly url: () => string;
  readonly from: string;
  readonly transport: () => Transporter;
}

/** `key`: its Message-ID is made of it. */
function createSend({ url, from, transport, timeoutMs = 12_000 }: Sender) {
  const memory = createCredentialMemory('mail');
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '');

  return async (to: string, key: string, message: RenderedNotification): Promise<'sent'> => {
    const credential = url();
    memory.require(credential);
    // nodemailer's own limits are for a silent server: a slow one would keep the attempt without end.
    const messageId = `<${digest(key)}@${domain}>`;
    const deliver = async (): Promise<void> => {
      try {
        await withinTime(timeoutMs, async (signal) => {
          const mail: SendMailOptions & { signal: AbortSignal } = { from, to, messageId, signal, ...message };
          await transport().sendMail(mail);
        });
      } catch (error) {
        if (error instanceof CancelledFailure) throw error;
        const failure = failureFromSmtp(error, isAscii(to) ? undefined : NON_ASCII);
        if ((error as { responseCode?: number }).responseCode === 535) memory.learn(credential, failure);
        throw failure;
      }
    };
    await observeCall('mail', 'SEND', deliver);
    memory.learn(credential, undefined);
    return 'sent';
  };
}

/** The transport of the current URL: a new one when the password changes. */
function createTransports(url: () => string): () => Transporter {
  const timeouts = { connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 8000 };
  const options = { disableFileAccess: true, disableUrlAccess: true, ...timeouts };
  let current: { readonly url: string; readonly transport: Transporter } | undefined;
  return () => {
    const now = url();
    if (current?.url !== now) current = { url: now, transport: createTransport({ url: now, ...options }) };
    return current.transport;
  };
}

/** Whom the step is about, for people to read: never in a log, an error or the ledger's rows of effects. */
async function nameOf(pool: Pool, { userId, email }: StepContext): Promise<string | undefined> {
  const learner = userId === '' ? null : await askLedger(() => findLearner(pool, userId));
  return learner?.email ?? email;
}

/** Authentication required, too weak, failed, or in need of encryption (RFC 4954 §6). */
const CREDENTIALS_REFUSED = [530, 534, 535, 538];

/**
 * 5xx and a refused envelope are permanent (RFC 5321 §4.2.1); all else may pass, and so may TLS that fails: certificates
 * are renewed. Nothing is sent in the clear where the server offers STARTTLS.
 */
function failureFromSmtp(error: unknown, hint?: string): ApplicationFailure {
  const failure = unnamedFailure(error, hint);
  const { command } = error as { command?: unknown };
  // `RCPT TO`, `AUTH PLAIN`: nodemailer's own words for its connection and itself say less.
  const isCommand = typeof command === 'string' && /^[A-Z]{4,8}( [A-Z0-9-]{2,20})?$/.test(command);
  return ofCall(isCommand && command !== 'CONN' ? command : 'connect', failure) as ApplicationFailure;
}

function unnamedFailure(error: unknown, hint: string | undefined): ApplicationFailure {
  const { responseCode: status, code: smtpCode } = error as { code?: string; responseCode?: number };
  const code = networkCode(error);
  const details = { code, ...(status !== undefined && { status }) };
  if (status !== undefined && CREDENTIALS_REFUSED.includes(status)) return credentialsRefused('mail', status, details);
  const isPermanent = status === undefined ? smtpCode === 'EENVELOPE' : status >= 500 && smtpCode !== 'ETLS';
  return isPermanent
    ? rejected('mail', because(`answered ${status ?? 'with a refusal'}`, hint), details)
    : unavailable('mail', because('did not accept the message', causeOf(code)), details);
}

function because(what: string, cause: string | undefined): string {
  return cause === undefined ? what : `${what}: ${cause}`;
}

const NON_ASCII = 'the address has characters outside ASCII, which need a server with SMTPUTF8 (RFC 6531)';

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
