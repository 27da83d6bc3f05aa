import { isGrpcServiceError, type Client } from '@temporalio/client';
import { searchAttributes } from '../temporal/names';
import { within } from './time-limit';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

interface ReadinessOptions {
  readonly client: () => Client | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

const CHECK_LIMIT_MS = 2000;
/** Anyone may ask, and must not pass each question on to Temporal. */
const KEPT_MS = 1000;

/** Whether Temporal takes events now, asked at most once a second. Never rejects. */
export function createReadiness({ client, now }: ReadinessOptions): () => Promise<Readiness> {
  let asked: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  return async () => {
    if (asked === undefined || now() - asked.at >= KEPT_MS || now() < asked.at)
      asked = { at: now(), answer: check(client()) };
    return asked.answer;
  };
}

async function check(client: Client | undefined): Promise<Readiness> {
  if (client === undefined) return { ready: false, reason: 'Temporal has not been reached yet.' };
  try {
    const answer = await within(ask(client), CHECK_LIMIT_MS);
    return answer === 'late' ? { ready: false, reason: 'Temporal does not answer.' } : answer;
  } catch (error) {
    return { ready: false, reason: explain(error) };
  }
}

async function ask(client: Client): Promise<Readiness> {
  const namespace = client.options.namespace;
  return client.withDeadline(Date.now() + CHECK_LIMIT_MS, async () => {
    await client.workflowService.describeNamespace({ namespace });
    const missing = await missingSearchAttributes(client, namespace);
    if (missing.length === 0) return { ready: true };
    return { ready: false, reason: `Search attributes are not registered: ${missing.join(', ')}. Run \`mt setup\`.` };
  });
}

/** A start that names an unregistered one is refused. Not every Temporal lets us list them: then nothing is missing. */
async function missingSearchAttributes(client: Client, namespace: string): Promise<readonly string[]> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return Object.values(searchAttributes)
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(customAttributes, name));
  } catch {
    return [];
  }
}

/** By gRPC status code (https://grpc.io/docs/guides/status-codes/). Never the error's own words: they hold addresses. */
function explain(error: unknown): string {
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  switch (code) {
    case 5:
      return 'The Temporal namespace does not exist.';
    case 7:
    case 16:
      return 'Temporal refuses our credentials.';
    default:
      return 'Temporal cannot be reached.';
  }
}
