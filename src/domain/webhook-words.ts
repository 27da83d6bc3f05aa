import type { Readers, Words } from './notification-form';
import type { NotificationOf } from './notifications';
import { writtenTime } from './written-time';

/** What people are notified of when something is wrong with the webhook, and when it is over. */
export function webhookWords({ what, says, todo, since, gap }: NotificationOf<'webhook'>, readers: Readers): Words {
  return {
    subject: `${what === 'over' ? 'Over: ' : ''}${says.replace(/[.:;](?=\s|$).*$/s, '')}`,
    lines: [
      ...(what === 'over' ? ['This is over:'] : []),
      says,
      `${what === 'over' ? 'It began' : 'Since'}: ${writtenTime(since, readers.timeZone)}`,
      ...gapLine(gap, readers),
      ...(todo.length === 0 ? [] : ['', 'What to do:', ...todo.map((each) => `- ${each}`)]),
      ...(readers.opsUrl === undefined ? [] : [{ label: 'Dashboard', url: readers.opsUrl }]),
    ],
  };
}

function gapLine(gap: NotificationOf<'webhook'>['gap'], { timeZone }: Readers): readonly string[] {
  if (gap === null) return [];
  const from = gap.from === null ? 'the beginning' : writtenTime(gap.from, timeZone);
  const to = gap.to === null ? 'now' : writtenTime(gap.to, timeZone);
  return [`Events of this time may be missing, from the last delivery before to the first one after: ${from} – ${to}`];
}
