import type { WorkflowStartOptions } from '@temporalio/client';
import { RawValue, type SearchAttributePair } from '@temporalio/common';
import { conflictOf } from '../../domain/conflict';
import { isKeyword, searchAttributes } from '../../domain/search-attributes';
import type { Delivery } from '../../events';
import { TASK_QUEUE } from '../../temporal';
import type { ParsedBody } from '../verify/parse';
import { quarantine, routes, type Lane, type Route } from '../routes';
import { explain, summarise } from './summary';

/** A delivery whose workflow is to be started. */
export interface PendingDelivery {
  /** The id of that workflow: the event id, or `conflict:…`. */
  readonly workflowId: string;
  readonly lane: Lane;
  readonly delivery: Delivery;
  readonly rawBody: Buffer;
}

/** One authentic delivery, read as far as it can be. */
export interface VerifiedDelivery extends PendingDelivery {
  readonly contents: ParsedBody;
}

/** The workflow id of a delivery is its event id. */
export function verifiedDelivery(delivery: Delivery, contents: ParsedBody, rawBody: Buffer): VerifiedDelivery {
  return { workflowId: delivery.eventId, lane: routeOf(contents).lane, delivery, contents, rawBody };
}

/** The same delivery as one that contradicts an earlier one of its event id. */
export function asConflict(received: VerifiedDelivery): VerifiedDelivery {
  const { workflowId, delivery } = conflictOf(received.delivery);
  const { contents } = received;
  return {
    workflowId,
    lane: quarantine.lane,
    delivery,
    rawBody: received.rawBody,
    contents: {
      kind: 'problem',
      problem: delivery.problem,
      event: contents.event,
      userId: userIdOf(contents),
      isJson: isJson(contents),
    },
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
  const userId = userIdOf(contents);
  const pairs: SearchAttributePair[] = [{ key: searchAttributes.phase, value: 'working' }];
  if (isKeyword(contents.event)) pairs.push({ key: searchAttributes.event, value: contents.event });
  if (isKeyword(userId)) pairs.push({ key: searchAttributes.userId, value: userId });
  return pairs;
}

function userIdOf(contents: ParsedBody): string | undefined {
  return contents.kind === 'event' ? contents.data.userId : contents.userId;
}
