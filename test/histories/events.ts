/** Events of a recorded history, and how they are named. */

/** Of Temporal's `HistoryEvent` as JSON, what a message needs. */
export interface HistoryEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly userMetadata?: { readonly summary?: Payload };
  readonly [attributes: string]: unknown;
}

interface Payload {
  readonly data?: string;
}

export function attributesOf(event: HistoryEvent): Readonly<Record<string, unknown>> {
  const name = Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '';
  return (event[name] ?? {}) as Readonly<Record<string, unknown>>;
}

const MARKERS: Readonly<Record<string, string>> = {
  core_local_activity: 'local activity',
  core_patch: 'mark of the release',
};

/** `activity leaveGroups, step leaveGroups` */
export function nameOf(event: HistoryEvent): string {
  const { activityType, markerName, input } = attributesOf(event) as {
    readonly activityType?: { readonly name: string };
    readonly markerName?: string;
    readonly input?: { readonly payloads?: readonly Payload[] };
  };
  const type = event.eventType.replace('EVENT_TYPE_', '').toLowerCase().replaceAll('_', ' ');
  const what = activityType === undefined ? (MARKERS[markerName ?? ''] ?? type) : `activity ${activityType.name}`;
  const { step } = (decode(input?.payloads?.[0]) ?? {}) as { readonly step?: unknown };
  return typeof step === 'string' ? `${what}, step ${step}` : what;
}

/** `event 17 (activity leaveGroups, step leaveGroups: Leave the groups)` */
export function describe(event: HistoryEvent): string {
  const title = decode(event.userMetadata?.summary);
  return `event ${event.eventId} (${nameOf(event)}${typeof title === 'string' ? `: ${title}` : ''})`;
}

function decode(payload: Payload | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(payload?.data ?? '', 'base64').toString());
  } catch {
    return undefined;
  }
}
