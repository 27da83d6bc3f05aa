/** What people can ask and do: each operation is one entry, from which the JSON API, its OpenAPI document and `mt` are made. */
import type { z } from 'zod';
import type { OpsToken } from '../settings';

/** What may have changed; whoever shows it asks again. */
export const TOPICS = [
  'workflows',
  'effects',
  'receipts',
  'refusals',
  'learners',
  'progress',
  'connectors',
  'bulk',
] as const;

export type Topic = (typeof TOPICS)[number];

/** Who asks: the name of the credential is the actor of whatever is changed. */
export interface Caller {
  readonly by: string;
  readonly role: OpsToken['role'];
}

/** An answer that is a file rather than JSON. */
export interface FileReply {
  readonly contentType: 'text/csv; charset=utf-8' | 'application/pdf';
  /** ASCII, with its extension. */
  readonly fileName: string;
  readonly content: string | Uint8Array;
}

/** It was understood, and is not done. 503: nobody answers now; the same call may work later. */
export interface Refused {
  readonly refused: { readonly status: 400 | 404 | 409 | 503; readonly detail: string };
}

export interface Operation {
  /** Camel case, unique: the `operationId` of OpenAPI. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/api/workflows/{workflowId}`: each name in braces is a field of the input. */
  readonly path: `/api/${string}`;
  /** The least role that may call it. */
  readonly role: OpsToken['role'];
  /** One sentence. */
  readonly summary: string;
  /** Fields of the path, and of the query (GET, DELETE) or the JSON body (POST). */
  readonly input: z.ZodObject;
  /** What it answers with; `file`: a FileReply. */
  readonly output: z.ZodType | 'file';
  /**
   * GET: what the answer is made of; it is kept for other callers of the same role until one of these changes, 2 s at most. Others: what
   * they change. Absent: all.
   */
  readonly topics?: readonly Topic[];
  /** GET: the answer depends on the caller's name; it is never kept. */
  readonly isPersonal?: boolean;
  readonly handle: (input: never, caller: Caller) => Promise<unknown>;
}

interface TypedOperation<In extends z.ZodObject, Out extends z.ZodType | 'file'> extends Operation {
  readonly input: In;
  readonly output: Out;
  readonly handle: (
    input: z.output<In>,
    caller: Caller,
  ) => Promise<(Out extends z.ZodType ? z.input<Out> : FileReply) | Refused>;
}

/** Checks that an operation's `handle` fits what it takes and answers. */
export function defineOperation<In extends z.ZodObject, Out extends z.ZodType | 'file'>(
  operation: TypedOperation<In, Out>,
): Operation {
  return operation;
}

export function refuse(status: Refused['refused']['status'], detail: string): Refused {
  return { refused: { status, detail } };
}

export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'refused' in answer;
}
