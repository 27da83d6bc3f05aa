/** What `ada` sends to workflows, as the operators of the docs do. */
import type { WorkflowHandle } from '@temporalio/client';
import { isoTime } from '../../src/domain';
import {
  cancelSignal,
  coachedSignal,
  discardUpdate,
  escalateSignal,
  extendDeadlineUpdate,
  recertifiedSignal,
  redriveUpdate,
  retryStepUpdate,
  skipStepUpdate,
  type ProcessState,
  type RedriveRequest,
} from '../../workflows/messages';

const by = 'ada';

export function cancel(handle: WorkflowHandle, reason = 'a mistake'): Promise<void> {
  return handle.signal(cancelSignal, { reason, by });
}

export function escalate(handle: WorkflowHandle, reason = 'no answer', to?: string): Promise<void> {
  return handle.signal(escalateSignal, { reason, by, ...(to !== undefined && { to }) });
}

export function recertified(handle: WorkflowHandle, evidence = 'seen'): Promise<void> {
  return handle.signal(recertifiedSignal, { by, evidence });
}

export function coached(handle: WorkflowHandle, note = 'went through it'): Promise<void> {
  return handle.signal(coachedSignal, { by, note });
}

export function retry(handle: WorkflowHandle, step: string): Promise<ProcessState> {
  return handle.executeUpdate(retryStepUpdate, { args: [{ step, by }] });
}

export function skip(handle: WorkflowHandle, step: string, reason = 'by hand'): Promise<ProcessState> {
  return handle.executeUpdate(skipStepUpdate, { args: [{ step, reason, by }] });
}

/** `deadline` in epoch ms. */
export function extend(handle: WorkflowHandle, deadline: number, reason = 'leave'): Promise<ProcessState> {
  return handle.executeUpdate(extendDeadlineUpdate, { args: [{ deadline: isoTime(deadline), reason, by }] });
}

export function redrive(handle: WorkflowHandle, request: Partial<RedriveRequest> = {}): Promise<ProcessState> {
  return handle.executeUpdate(redriveUpdate, { args: [{ by, ...request }] });
}

export function discard(handle: WorkflowHandle, reason = 'noise'): Promise<ProcessState> {
  return handle.executeUpdate(discardUpdate, { args: [{ reason, by }] });
}
