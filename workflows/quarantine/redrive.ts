/** What a redrive reads instead of the body, and what the run that it begins gets. */
import type { Delivery } from '../../src/events';
import type { RedriveRequest } from '../messages';

/** The names of the fields that differ, never their values. */
export function changedFields(body: unknown, corrected: unknown): readonly string[] {
  if (body instanceof Uint8Array) return ['the whole body'];
  const { data: sent, ...around } = (body ?? {}) as { readonly data?: unknown };
  const { data, ...envelope } = (corrected ?? {}) as { readonly data?: unknown };
  const changed = [...differing(around, envelope), ...differing(sent, data).map((name) => `data.${name}`)];
  return changed.slice(0, MAX_FIELDS);
}

const MAX_FIELDS = 20;

function differing(before: unknown, now: unknown): readonly string[] {
  const [old, all] = [before ?? {}, now ?? {}] as [
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ];
  const names = [...new Set([...Object.keys(old), ...Object.keys(all)])];
  return names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(all[name]));
}

/** `data` replaces the event's data; a whole envelope (with `event` and `data`), or one where there was none, replaces all of it. */
export function corrected({ event }: Delivery, body: unknown, { data }: RedriveRequest): unknown {
  if (data === undefined) return body;
  const isWhole = typeof data === 'object' && data !== null && 'event' in data && 'data' in data;
  if (isWhole || event === null) return data;
  return { ...(body as object), data };
}

/** The delivery as it would have come, had it been readable. */
export function readable(
  { signedAt, receivedAt, signatureDigest, bodyDigest }: Delivery,
  eventId: string,
  event: string,
): Delivery {
  return { eventId, event, signedAt, receivedAt, signatureDigest, bodyDigest };
}
