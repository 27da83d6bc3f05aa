import { defaultPayloadConverter, rawValueTypeInfo, type RawValue } from '@temporalio/common';
import { defineSignal, setHandler } from '@temporalio/workflow';
import { isRefusal, readTexts } from '../src/domain/requests';
import { HOUR } from '../src/domain/time';
import type { Recorder } from './state';

type Texts<R extends string, O extends string> = { readonly [K in R]: string } & { readonly [K in O]?: string };

export interface SignalSpec<R extends string, O extends string> {
  readonly name: string;
  readonly description: string;
  readonly required: readonly R[];
  readonly optional?: readonly O[];
}

/** A double click or a client's retry; the same words a day later are meant. */
const SAME_MESSAGE_MS = HOUR;

/**
 * Handle a signal that anyone may have sent: taken raw, because a payload that does not decode would otherwise fail the
 * workflow task for ever. What cannot be read is noted and ignored; the same message again is the same as once.
 */
export function onSignal<R extends string, O extends string = never>(
  recorder: Recorder,
  { name, description, required, optional = [] }: SignalSpec<R, O>,
  handle: (message: Texts<R, O>) => void,
): void {
  const seen = new Map<string, number>();
  const raw = defineSignal<RawValue[]>(name, {
    typeInfo: { inputTypes: Array.from({ length: 4 }, () => rawValueTypeInfo) },
  });
  setHandler(
    raw,
    (...args) => {
      const message = readTexts(decode(args[0]), required, optional);
      if (isRefusal(message)) {
        recorder.note({ what: `${name} ignored`, by: 'unknown', reason: message.refused });
        return;
      }
      const text = JSON.stringify(message);
      const isRepeat = Date.now() - (seen.get(text) ?? -Infinity) < SAME_MESSAGE_MS;
      seen.set(text, Date.now());
      if (!isRepeat) handle(message);
    },
    { description },
  );
}

function decode(value: RawValue | undefined): unknown {
  try {
    return value === undefined ? undefined : defaultPayloadConverter.fromPayload(value.payload);
  } catch {
    return undefined;
  }
}
