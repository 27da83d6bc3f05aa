import type { Response } from 'express';
import type { MockCase, MockPerson } from './mock-data';

export interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

/** What the answers are made of; a test may change it, and then says so by `change`. */
export interface MockState {
  readonly base: number;
  people: MockPerson[];
  cases: MockCase[];
  /** Nobody is logged in any more. */
  isExpired: boolean;
  sent: Sent[];
  held: Map<string, string>;
}

export function refuse(response: Response, status: number, detail: string): Response {
  return response.status(status).type('application/problem+json').json({ status, detail });
}
