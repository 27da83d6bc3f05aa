/** Whether this machine's clock is right: a signature is judged by it. */
import { MINUTE, SECOND } from '../domain';
import { fail, ok, unknown, warn, type Check, type Finding } from './check';

/** A clock to compare with. */
export interface OtherClock {
  readonly of: string;
  /** It minus ours, in ms. Rejects when it cannot be had. */
  readonly aheadMs: () => Promise<number>;
}

const NAME = 'Clock';
const FIX = 'Set the clock of this machine by NTP (`timedatectl set-ntp true`, or that of the host).';
/** An HTTP date has whole seconds, and answers take their time. */
const WARN_MS = 10 * SECOND;

/** `windowAheadMs`: a delivery signed by a clock so far ahead of ours is still accepted. */
export function clockCheck(clocks: readonly OtherClock[], windowAheadMs: number): Check {
  const run = async (): Promise<readonly Finding[]> => {
    const asked = await Promise.allSettled(clocks.map(async ({ of, aheadMs }) => ({ of, aheadMs: await aheadMs() })));
    return examineClock(
      asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      windowAheadMs,
    );
  };
  return { name: NAME, whenLate: 'See why the ledger does not answer: the clock is compared with its clock.', run };
}

interface Compared {
  readonly of: string;
  readonly aheadMs: number;
}

/** The median of them: one clock that is wrong is not ours. */
export function examineClock(compared: readonly Compared[], windowAheadMs: number): readonly Finding[] {
  const sorted = [...compared].sort((a, b) => Math.abs(a.aheadMs) - Math.abs(b.aheadMs));
  const found = sorted[Math.floor((sorted.length - 1) / 2)];
  if (found === undefined)
    return [unknown(NAME, 'There is no other clock to compare with.', 'Compare it with `date -u` of another machine.')];
  const { of, aheadMs } = found;
  const off = Math.abs(aheadMs);
  if (off < WARN_MS) return [ok(NAME, `It agrees with that of ${of}.`)];
  const what = `It is ${inWords(off)} ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${of}`;
  if (off < windowAheadMs) return [warn(NAME, `${what}.`, FIX)];
  return [fail(NAME, `${what}: deliveries are refused for their time.`, FIX)];
}

function inWords(ms: number): string {
  return ms < 2 * MINUTE ? `${Math.round(ms / SECOND)} s` : `${Math.round(ms / MINUTE)} min`;
}

/** By the date of an answer of a web server, whatever it answers. */
export function clockOfWeb(of: string, url: string, fetchOf: typeof fetch = fetch): OtherClock {
  return {
    of,
    aheadMs: async () => {
      const sentAt = Date.now();
      const { headers } = await fetchOf(url, {
        method: 'HEAD',
        redirect: 'manual',
        signal: AbortSignal.timeout(3 * SECOND),
      });
      const at = Date.parse(headers.get('date') ?? '');
      if (Number.isNaN(at)) throw new Error('its answer has no date');
      // Its date is cut off to the second.
      return at + SECOND / 2 - (sentAt + Date.now()) / 2;
    },
  };
}
