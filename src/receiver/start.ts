import type { WorkflowStartOptions } from '@temporalio/client';
import { RawValue, type SearchAttributePair } from '@temporalio/common';
import type { Delivery } from '../events';
import { searchAttributes, TASK_QUEUE } from '../temporal/names';
import type { Contents } from './parse';
import { quarantine, routes, type Route } from './routes';
import { explain, summarise } from './summary';

/** One authentic delivery, read as far as it can be. */
export interface Received {
  readonly delivery: Delivery;
  readonly contents: Contents;
  readonly rawBody: Buffer;
  /** Instead of its route's. */
  readonly lane?: Route['lane'];
}

/**
 * What a store keeps of a Keyword at least: SQL visibility stores cut it off at 255 characters, Postgres takes no NUL.
 * A value beyond that is left out: it is in the body too, and must not stop the start.
 */
const KEYWORD = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

export function routeOf(contents: Contents): Route {
  return contents.kind === 'event' ? routes[contents.event] : quarantine;
}

/**
 * The workflow that one delivery becomes. Its id is the event id, and an id that was ever used, and is remembered,
 * is refused. Arguments: the `Delivery`, then the body byte for byte (parsing and writing it again would grow it:
 * `1e20` becomes 21 digits), which a workflow reads as the parsed JSON, or as bytes when it is none.
 */
export function workflowStart({ delivery, contents, rawBody, lane }: Received): WorkflowStartOptions {
  const route = routeOf(contents);
  return {
    workflowId: delivery.eventId,
    taskQueue: TASK_QUEUE,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    args: [delivery, rawArgument(rawBody, isJson(contents))],
    typedSearchAttributes: searchable(contents),
    priority: { priorityKey: lane ?? route.lane },
    staticSummary: summarise(route, contents),
    staticDetails: explain(route, contents, delivery),
  };
}

function isJson(contents: Contents): boolean {
  return contents.kind === 'event' || contents.problem.kind !== 'not-json';
}

function rawArgument(rawBody: Buffer, json: boolean): RawValue {
  const encoding = Buffer.from(json ? 'json/plain' : 'binary/plain');
  return RawValue.fromPayload({ metadata: { encoding }, data: rawBody });
}

function searchable(contents: Contents): SearchAttributePair[] {
  const userId = contents.kind === 'event' ? contents.data.userId : contents.userId;
  const pairs: SearchAttributePair[] = [{ key: searchAttributes.phase, value: 'working' }];
  if (isKeyword(contents.event)) pairs.push({ key: searchAttributes.event, value: contents.event });
  if (isKeyword(userId)) pairs.push({ key: searchAttributes.userId, value: userId });
  return pairs;
}

function isKeyword(value: string | null | undefined): value is string {
  return typeof value === 'string' && KEYWORD.test(value);
}
