import { DAY, HOUR, MINUTE, SECOND } from './time';

/** How long each part remembers, and how long a delivery may be sent again. */
export interface RetentionSettings {
  /** How far back a signature's time may lie, in ms. */
  readonly windowBackMs: number;
  /** How far ahead, in ms: so much longer is a signature good after it has come. */
  readonly windowAheadMs?: number;
  /** How long the ledger keeps a receipt after its workflow has closed. */
  readonly receiptDays: number;
  /** How long Temporal keeps a closed workflow, and with it its event id, in ms; undefined: it does not say. */
  readonly retentionMs: number | undefined;
  /** Named in the command that closes a hole. */
  readonly namespace?: string;
}

/** The sender's retries may be signed again: an event may come again that long after the first time, however narrow the window. */
const RETRY_LADDER = 7 * HOUR + 20 * MINUTE;

/**
 * The combinations under which one event could run twice, a sentence each with what closes it; none: it cannot. A
 * signature must be remembered for as long as it is good, which only the ledger does; an event id as long, by Temporal
 * too, since the ledger may come from a backup; and by either for as long as the sender may send it again.
 */
export function retentionGaps(memory: RetentionSettings): readonly string[] {
  const { windowBackMs, windowAheadMs = 0, receiptDays, retentionMs } = memory;
  const goodForMs = windowBackMs + windowAheadMs;
  const receiptsMs = receiptDays * DAY;
  const holes: string[] = [];
  if (receiptsMs < goodForMs) holes.push(forgottenSignatures(goodForMs, receiptsMs - windowAheadMs));
  if (retentionMs === undefined) return holes;
  if (retentionMs < goodForMs) holes.push(forgottenIds(memory, retentionMs, goodForMs));
  else if (Math.max(retentionMs, receiptsMs) < RETRY_LADDER) holes.push(forgottenRetries(memory));
  return holes;
}

/** The retention that closes every hole of Temporal's, in whole days: it takes no less than one. */
export function retentionDaysFor({
  windowBackMs,
  windowAheadMs = 0,
}: Pick<RetentionSettings, 'windowBackMs' | 'windowAheadMs'>): number {
  return Math.ceil(Math.max(windowBackMs + windowAheadMs, RETRY_LADDER) / DAY);
}

function forgottenSignatures(goodForMs: number, coveredMs: number): string {
  const seconds = Math.floor(coveredMs / SECOND);
  const narrower = seconds > 0 ? `set delivery.windowBackSeconds to ${seconds} or less, or ` : '';
  return (
    'delivery.windowBackSeconds: a signature is good for longer than the ledger remembers it (RECEIPT_DAYS), so that a ' +
    `delivery sent again under another event id would run again: ${narrower}` +
    `set RECEIPT_DAYS to ${hundredths(goodForMs / DAY)} or more`
  );
}

function forgottenIds(memory: RetentionSettings, retentionMs: number, goodForMs: number): string {
  const seconds = Math.floor((retentionMs - (memory.windowAheadMs ?? 0)) / SECOND);
  const narrower = seconds > 0 ? `, or set delivery.windowBackSeconds to ${seconds} or less` : '';
  return (
    `the namespace's retention (${hours(retentionMs)}) is shorter than a signature is good for (${hours(goodForMs)}): ` +
    'a delivery sent again would count as new, and a ledger restored from a backup would not know better: ' +
    `${extending(memory)}${narrower}`
  );
}

function forgottenRetries(memory: RetentionSettings): string {
  return (
    `RECEIPT_DAYS and the namespace's retention are both shorter than the sender's retries last (${hours(RETRY_LADDER)}): ` +
    `an event sent again would run again: ${extending(memory)}, or set RECEIPT_DAYS to ${hundredths(RETRY_LADDER / DAY)} or more`
  );
}

function extending(memory: RetentionSettings): string {
  const { namespace = 'default' } = memory;
  return `run \`temporal operator namespace update --retention ${retentionDaysFor(memory)}d -n ${namespace}\``;
}

function hours(ms: number): string {
  return `${hundredths(ms / HOUR)} h`;
}

/** Rounded up, so that what is advised is enough. */
function hundredths(value: number): number {
  return Math.ceil(value * 100) / 100;
}
