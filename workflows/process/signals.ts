import { defaultPayloadConverter, rawValueTypeInfo, type RawValue } from '@temporalio/common';
import { defineSignal, setHandler } from '@temporalio/workflow';
import { HOUR, isInvalidRequest, readTextFields } from '../../src/domain';
import type { StateRecorder } from './state';

type Texts<R extends string, O extends string> = { readonly [K in R]: string } & { readonly [K in O]?: string };

export interface SignalSpec<R extends string, O extends string> {
  readonly name: string;
  readonly description: string;
  readonly required: readonly R[];
  readonly optional?: readonly O[];
}

export interface Signals {
  /**
   * Handle a signal that anyone may have sent: taken raw, because a payload that does not decode would otherwise fail the
   * workflow task for ever. What cannot be read is noted and ignored; the same message again is the same as once.
   */
  readonly on: <R extends string, O extends string = never>(
    spec: SignalSpec<R, O>,
    handle: (message: Texts<R, O>) => void,
  ) => void;
  readonly snapshot: () => RecentMessages;
}

/** The most recent messages, newest last: each with when it came, epoch ms. */
export type RecentMessages = readonly (readonly [text: string, at: number])[];

/** A double click or a client's retry; the same words a day later are meant. */
const SAME_MESSAGE_MS = HOUR;

/** Of a flood, the newest are remembered. */
const MAX_REMEMBERED = 200;
const MAX_TEXT = 100_000;

export function createSignals(recorder: StateRecorder, before: RecentMessages = []): Signals {
  const seen = new Map(before);

  function isRepeat(text: string): boolean {
    const now = Date.now();
    const last = seen.get(text) ?? -Infinity;
    // Written anew, so that the first of the map is the oldest.
    seen.delete(text);
    seen.set(text, now);
    const [oldest] = seen.keys();
    if (seen.size > MAX_REMEMBERED && oldest !== undefined) seen.delete(oldest);
    return now - last < SAME_MESSAGE_MS;
  }

  function on<R extends string, O extends string = never>(
    { name, description, required, optional = [] }: SignalSpec<R, O>,
    handle: (message: Texts<R, O>) => void,
  ): void {
    const raw = defineSignal<RawValue[]>(name, { typeInfo: { inputTypes: ALL_RAW } });
    setHandler(
      raw,
      (...args) => {
        const message = readTextFields(decode(args[0]), required, optional);
        if (isInvalidRequest(message)) recorder.noteIgnored(name, 'unknown', message.problem);
        else if (!isRepeat(JSON.stringify([name, message]))) handle(message);
      },
      { description },
    );
  }

  return { on, snapshot: () => newest(seen) };
}

/** However many there are: one that does not decode is enough to fail the task. */
const ALL_RAW = new Proxy([rawValueTypeInfo], { get: () => rawValueTypeInfo });

function newest(seen: ReadonlyMap<string, number>): RecentMessages {
  let room = MAX_TEXT;
  const fits = ([text, at]: readonly [string, number]): boolean =>
    Date.now() - at < SAME_MESSAGE_MS && (room -= text.length) >= 0;
  const late = [...seen].reverse();
  const end = late.findIndex((message) => !fits(message));
  return late.slice(0, end === -1 ? late.length : end).reverse();
}

function decode(value: RawValue | undefined): unknown {
  try {
    return value === undefined ? undefined : defaultPayloadConverter.fromPayload(value.payload);
  } catch {
    return undefined;
  }
}
