import { isGrpcServiceError } from '@temporalio/client';
import { placeOf, type HttpProblem } from '../../http';
import { isUnavailable } from '../../ledger';
import type { CappedLog } from '../../telemetry';
import { withTimeout } from '../../with-timeout';
import { isRefused, type Caller, type FileReply, type Operation } from '../operation';
import type { Keepable } from './cache';

/** What an operation came to, ready to be sent. */
export type Answer = Keepable &
  ({ readonly json: string } | { readonly file: FileReply } | { readonly problem: HttpProblem });

export interface AnswerOptions {
  readonly log: CappedLog;
  readonly handleMs: number;
  /** An answer that does not fit the operation's output: an error in tests, else logged and sent. */
  readonly misfit: 'fail' | 'log';
}

/** Runs an operation, within a time limit. Never rejects. */
export async function answerOf(
  operation: Operation,
  input: unknown,
  caller: Caller,
  options: AnswerOptions,
): Promise<Answer> {
  const { log, handleMs } = options;
  const handled = Promise.resolve().then(() => operation.handle(input as never, caller));
  try {
    const said = await withTimeout(handled, handleMs);
    if (said === 'timeout') return problem({ status: 503, detail: 'This took too long; it may still come to an end.' });
    if (isRefused(said)) return problem(said.refused);
    return operation.output === 'file'
      ? { isKept: false, file: said as FileReply }
      : jsonOf(operation, operation.output, said, options);
  } catch (error) {
    const away = whoIsAway(error);
    if (away !== undefined) return problem({ status: 503, detail: `${away} does not answer now; try again later.` });
    log.write('error', 'operation', { operation: operation.id, ...placeOf(error) }, 'an operation failed');
    return problem({ status: 500, detail: 'This failed; the log says where.' });
  }
}

function jsonOf(
  { id }: Operation,
  output: Exclude<Operation['output'], 'file'>,
  said: unknown,
  { log, misfit }: AnswerOptions,
): Answer {
  const parsed = output.safeParse(said);
  if (parsed.success) return { isKept: true, json: JSON.stringify(parsed.data) };
  const paths = parsed.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).slice(0, 10);
  log.write('error', 'misfit', { operation: id, paths }, 'an answer does not fit what is documented');
  if (misfit === 'fail') return problem({ status: 500, detail: `The answer does not fit: ${paths.join('; ')}` });
  return { isKept: true, json: JSON.stringify(said) };
}

function problem(problemOf: HttpProblem): Answer {
  return { isKept: false, problem: problemOf };
}

/** gRPC: cancelled, deadline exceeded, resource exhausted, unavailable. */
const PASSING_CODES: readonly number[] = [1, 4, 8, 14];

/** Which of the two that we depend on cannot be asked now; undefined: it is another error. */
function whoIsAway(error: unknown): 'The ledger' | 'Temporal' | undefined {
  if (isUnavailable(error)) return 'The ledger';
  const { cause } = error as { readonly cause?: unknown };
  const fault = [error, cause].find((each) => each instanceof Error && isGrpcServiceError(each));
  return fault !== undefined && PASSING_CODES.includes((fault as unknown as { code: number }).code)
    ? 'Temporal'
    : undefined;
}
