import { asyncLocalStorage, type Context } from '@temporalio/activity';

/** The part of an attempt's time that is kept to report its outcome, in ms. */
const REPORT_MS = 1000;

/** A longer timer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** When each attempt that runs has to be over, by `performance.now()`: the wall clock may be set back meanwhile. */
const deadlines = new WeakMap<Context, number>();

/**
 * One call of an activity. Its signal ends it after `timeoutMs`, when the activity is cancelled, and before Temporal gives the
 * attempt up: the next attempt must not run beside it. A check at the worker's start is no activity and has `timeoutMs` alone. @throws CancelledFailure where the activity is cancelled, else what `call` throws.
 */
export async function withinTime<T>(timeoutMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = asyncLocalStorage.getStore();
  const cancellation = context?.cancellationSignal;
  cancellation?.throwIfAborted();
  // Not AbortSignal.any over AbortSignal.timeout: Node.js 20 may collect that as garbage, and then it never ends anything.
  const controller = new AbortController();
  const cancel = (): void => controller.abort(cancellation?.reason);
  const late = (): void => controller.abort(new DOMException('out of time', 'TimeoutError'));
  const timer = setTimeout(late, Math.min(timeoutMs, timeLeft(context)));
  cancellation?.addEventListener('abort', cancel);
  try {
    return await call(controller.signal);
  } catch (error) {
    cancellation?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    cancellation?.removeEventListener('abort', cancel);
  }
}

/** What is left of the attempt, counted from its first call. */
function timeLeft(context: Context | undefined): number {
  if (context === undefined) return Infinity;
  const { startToCloseTimeoutMs } = context.info;
  const deadline = deadlines.get(context) ?? performance.now() + Math.max(startToCloseTimeoutMs - REPORT_MS, 0);
  deadlines.set(context, deadline);
  return Math.max(deadline - performance.now(), 0);
}

/** Wait for a promise that others share and this activity must not end. @throws CancelledFailure once it is cancelled. */
export async function unlessCancelled<T>(shared: Promise<T>): Promise<T> {
  return withinTime(MAX_TIMER_MS, (signal) => {
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    return Promise.race([shared, ended]);
  });
}
