import type { IncomingMessage, Server } from 'node:http';
import express, { type Express } from 'express';
import { REQUEST_EVENTS } from './shutdown';

/** An Express application for which each path has one form: a proxy's rule for a path holds for no other way to write it. */
export function createApp(): Express {
  return express().disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing');
}

/** Hands every request of the server to the application, those with an `Expect` header too. */
export function serve(server: Server, app: Express): void {
  for (const event of REQUEST_EVENTS) server.on(event, dropAuthority).on(event, app);
}

/**
 * `http://receiver/readyz` is `/readyz` (RFC 9112 §3.2.2). Express would read it by `url.parse`, which prints some of
 * such a target in a warning, and fails for others: the answer is HTML then.
 */
function dropAuthority(request: IncomingMessage): void {
  request.url = request.url?.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/?/i, '/');
}

/** Where an error was thrown, for a log. Its message may quote the request. */
export function placeOf(error: unknown): { readonly error: string; readonly at: readonly string[] } {
  const { name, stack = '' } = error instanceof Error ? error : new Error();
  return {
    error: name,
    at: stack
      .split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 5),
  };
}
