import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { FORBIDDEN, isBodyPending, METHOD_NOT_ALLOWED, sendProblem } from '../../http';
import type { Changes } from '../changes';
import { TOPICS, type Operation } from '../operation';
import { identityOf } from './identity';
import { answerOf, type Answer, type AnswerOptions } from './answer';
import type { Cache } from './cache';
import { namesInPath, readInput } from './read-input';
import { sendFaults, sendFile, sendJson } from './reply';

export interface RoutesOptions extends AnswerOptions {
  readonly operations: readonly Operation[];
  readonly changes: Changes;
  readonly cache: Cache<Answer>;
  /** Runs before each change. */
  readonly limitChanges: RequestHandler;
}

/** The routes of all operations. @throws Error when two of them cannot be told apart, or a path names no field. */
export function addOperations(app: Express, options: RoutesOptions): void {
  faultsOfOperations(options.operations).forEach((fault) => {
    throw new Error(fault);
  });
  // A fixed word goes before a name in braces.
  const paths = [...new Set(options.operations.map(({ path }) => path))].sort((a, b) =>
    sortKey(a) < sortKey(b) ? -1 : 1,
  );
  for (const path of paths) {
    const here = options.operations.filter((operation) => operation.path === path);
    const methods = here.map((operation) => [operation.method, handlersOf(operation, options)] as const);
    addPath(app, path.replace(/\{(\w+)\}/g, ':$1'), methods);
  }
}

type Method = Operation['method'];

/** A path with its methods; any other gets 405. */
export function addPath(
  app: Express,
  path: string,
  methods: readonly (readonly [Method, readonly RequestHandler[]])[],
  /** Methods of it that have their route elsewhere. */
  elsewhere: readonly Method[] = [],
): void {
  const target = app.route(path);
  for (const [method, handlers] of methods) {
    if (method === 'GET') target.get(...handlers);
    else if (method === 'POST') target.post(...handlers);
    else target.delete(...handlers);
  }
  const allow = [...elsewhere, ...methods.map(([method]) => method)]
    .map((method) => (method === 'GET' ? 'GET, HEAD' : method))
    .join(', ');
  target.all((request, response) => sendProblem(request, response, { ...METHOD_NOT_ALLOWED, headers: { allow } }));
}

function sortKey(path: string): string {
  return path.replace(/\{\w+\}/g, '\uffff');
}

function faultsOfOperations(operations: readonly Operation[]): readonly string[] {
  const keys = operations.flatMap(({ id, method, path }) => [id, `${method} ${path.replace(/\{\w+\}/g, '{}')}`]);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  const unknown = operations.flatMap(({ id, path, input }) =>
    namesInPath(path)
      .filter((name) => !Object.hasOwn(input.shape, name))
      .map((name) => `operation ${id}: its input has no field ${name}`),
  );
  return [...twice.map((key) => `two operations are ${key}`), ...unknown];
}

function handlersOf(operation: Operation, options: RoutesOptions): readonly RequestHandler[] {
  const isChange = operation.method !== 'GET';
  return [
    needRole(operation.role),
    ...(isChange ? [options.limitChanges] : []),
    ...(operation.method === 'POST' ? readBody : []),
    (request, response) => handle(operation, options, request, response),
  ];
}

function needRole(role: Operation['role']): RequestHandler {
  return (request, response, next) => {
    if (role === 'viewer' || identityOf(response).caller.role === 'operator') next();
    else sendProblem(request, response, FORBIDDEN);
  };
}

const NOT_JSON = 'Send the body as application/json.';

const needJson: RequestHandler = (request, response, next) => {
  const hasBody = isBodyPending(request) || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody && !identityOf(response).isAmbient) next();
  else if (request.is('application/json') === 'application/json') next();
  else sendProblem(request, response, { status: 415, detail: NOT_JSON });
};

const MAX_BODY = '1mb';

/** JSON alone: a page elsewhere cannot have a browser send it without asking first. */
export const parseJson = express.json({ limit: MAX_BODY, inflate: false, type: 'application/json' });
const readBody: readonly RequestHandler[] = [needJson, parseJson];

async function handle(
  operation: Operation,
  options: RoutesOptions,
  request: Request,
  response: Response,
): Promise<void> {
  const { caller, credential } = identityOf(response);
  const query = new URLSearchParams(request.url.split('?', 2)[1]);
  const read = readInput(operation, { params: request.params, query, body: request.body as unknown });
  if ('faults' in read) {
    sendFaults(request, response, read.faults);
    return;
  }
  const { id, method, role, topics = TOPICS, isPersonal } = operation;
  const make = (): Promise<Answer> => answerOf(operation, read.input, caller, options);
  if (role === 'operator') options.log.write('info', 'asked', { name: id, by: credential }, 'an operator asked');
  const isKept = method === 'GET' && operation.output !== 'file' && isPersonal !== true;
  const key = JSON.stringify([id, caller.role, read.input]);
  const answer = await (isKept ? options.cache(key, topics, make) : make());
  // A check of a viewer is a POST too, and changes nothing.
  if (method !== 'GET' && role === 'operator') options.changes.publish(topics);
  send(request, response, answer);
}

function send(request: Request, response: Response, answer: Answer): void {
  if ('problem' in answer) sendProblem(request, response, answer.problem);
  else if ('file' in answer) sendFile(response, answer.file);
  else sendJson(response, answer.json);
}
