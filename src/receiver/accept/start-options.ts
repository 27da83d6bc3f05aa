import type { WorkflowStartOptions } from '@temporalio/client';
import { RawValue, type SearchAttributePair } from '@temporalio/common';
import type { z } from 'zod';
import { isKeyword, searchAttributes } from '../../domain';
import { TASK_QUEUE } from '../../temporal';
import { isJson, userIdOf, type ParsedBody, type VerifiedDelivery } from '../verify';
import type * as Workflows from '../../../workflows';
import { events, quarantine, type EventDelivery, type EventName, type Route } from '../../events';
import { explain, summarise } from './summary';

/** The workflows that take the data of an event: a descriptor that names another does not compile below. */
type WorkflowFor<E extends EventName> = {
  [W in keyof typeof Workflows]: (typeof Workflows)[W] extends (
    delivery: EventDelivery<z.infer<(typeof events)[E]['schema']>>,
    body: unknown,
  ) => unknown
    ? W
    : never;
}[keyof typeof Workflows];

const routes: { readonly [E in EventName]: Route & { readonly workflowType: WorkflowFor<E> } } = events;

function routeOf(contents: ParsedBody): Route {
  return contents.kind === 'event' ? routes[contents.event] : quarantine;
}

export function workflowTypeOf({ contents }: VerifiedDelivery): string {
  return routeOf(contents).workflowType;
}

/**
 * The workflow that one delivery becomes. An id that was ever used, and is remembered, is refused. Arguments: the
 * `Delivery` with what was read of it, then the body byte for byte (parsing and writing it again would grow it: `1e20` becomes 21 digits), which a
 * workflow reads as the parsed JSON, or as bytes when it is none. The memo distinguishes the same event from another one with its id.
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
