import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { sendProblem, sendProblemTo, type HttpProblem } from '../http';
import { refusals, RETRY_AFTER_SECONDS, type Rule } from './refusals';

/** Answer with the rule's problem; `changes` win over what the rule says. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  rule: Rule,
  changes: Partial<HttpProblem> = {},
): void {
  sendProblem(request, response, { ...problemOf(rule), ...changes });
}

/** The same for a request that could not even be read. */
export function refuseSocket(socket: Duplex, rule: Rule): void {
  sendProblemTo(socket, problemOf(rule));
}

function problemOf(rule: Rule): HttpProblem {
  const { status, title, detail } = refusals[rule];
  const isTemporary = status === 503 || status === 429;
  return { status, title, detail, ...(isTemporary && { headers: { 'retry-after': RETRY_AFTER_SECONDS } }) };
}
