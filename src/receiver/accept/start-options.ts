import type { WorkflowStartOptions } from '@temporalio/client';
import { RawValue, type SearchAttributePair } from '@temporalio/common';
import type { Delivery, Problem } from '../../events';
import { searchAttributes, TASK_QUEUE } from '../../temporal';
import type { ParsedBody } from '../verify/parse';
import { quarantine, routes, type Route } from '../routes';
import type { SpoolRecord } from '../spool';
import { explain, summarise } from './summary';

/** One authentic delivery, read as far as it can be. */
export interface VerifiedDelivery extends SpoolRecord {
  readonly contents: ParsedBody;
}

/**
 * What a store keeps of a Keyword at least: SQL visibility stores cut it off at 255 characters, Postgres takes no NUL.
 * A value beyond that is left out: it is in the body too, and must not stop the start.
 */
const KEYWORD = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** The workflow id of a delivery is its event id. */
export function verifiedDelivery(delivery: Delivery, contents: ParsedBody, rawBody: Buffer): VerifiedDelivery {
  return { workflowId: delivery.eventId, lane: routeOf(contents).lane, delivery, contents, rawBody };
}

const CONFLICT: Problem = {
  kind: 'conflict',
  detail: 'Another delivery with this event id and other bytes came before, and stands.',
};
const DIGEST_DIGITS = 16;

/**
 * The same delivery as one that contradicts an earlier one of its event id: kept beside it, for a person to judge. A
 * forged delivery could claim an id that can be guessed, and the genuine event must not be lost.
 */
export function asConflict(received: VerifiedDelivery): VerifiedDelivery {
  const { delivery, contents } = received;
  const userId = contents.kind === 'event' ? contents.data.userId : contents.userId;
  return {
    ...received,
    workflowId: `conflict:${delivery.eventId}:${delivery.bodyDigest.slice(0, DIGEST_DIGITS)}`,
    lane: quarantine.lane,
    delivery: { ...delivery, problem: CONFLICT },
    contents: { kind: 'problem', problem: CONFLICT, event: contents.event, userId, isJson: isJson(contents) },
  };
}

function routeOf(contents: ParsedBody): Route {
  return contents.kind === 'event' ? routes[contents.event] : quarantine;
}

export function workflowTypeOf({ contents }: VerifiedDelivery): string {
  return routeOf(contents).workflowType;
}

/**
 * The workflow that one delivery becomes. An id that was ever used, and is remembered, is refused. Arguments: the
 * `Delivery`, then the body byte for byte (parsing and writing it again would grow it: `1e20` becomes 21 digits), which a
 * workflow reads as the parsed JSON, or as bytes when it is none. The memo tells the same event from another one of its id.
 */
export function workflowStart({
  workflowId,
  lane,
  delivery,
  contents,
  rawBody,
}: VerifiedDelivery): WorkflowStartOptions {
  const route = routeOf(contents);
  return {
    workflowId,
    taskQueue: TASK_QUEUE,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    args: [delivery, rawArgument(rawBody, isJson(contents))],
    memo: { bodyDigest: delivery.bodyDigest },
    typedSearchAttributes: searchable(contents),
    priority: { priorityKey: lane },
    staticSummary: summarise(route, contents),
    staticDetails: explain(route, contents, delivery),
  };
}

function isJson(contents: ParsedBody): boolean {
  return contents.kind === 'event' || contents.isJson;
}

function rawArgument(rawBody: Buffer, json: boolean): RawValue {
  const encoding = Buffer.from(json ? 'json/plain' : 'binary/plain');
  return RawValue.fromPayload({ metadata: { encoding }, data: rawBody });
}

function searchable(contents: ParsedBody): SearchAttributePair[] {
  const userId = contents.kind === 'event' ? contents.data.userId : contents.userId;
  const pairs: SearchAttributePair[] = [{ key: searchAttributes.phase, value: 'working' }];
  if (isKeyword(contents.event)) pairs.push({ key: searchAttributes.event, value: contents.event });
  if (isKeyword(userId)) pairs.push({ key: searchAttributes.userId, value: userId });
  return pairs;
}

function isKeyword(value: string | null | undefined): value is string {
  return typeof value === 'string' && KEYWORD.test(value);
}
