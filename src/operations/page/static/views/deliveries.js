/** What comes in: how much, what is refused and why, and whether the receivers can take it. */
import { html } from '../parts/html.js';
import { Asked, Empty } from '../parts/asked.js';
import { useData } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Rate } from '../parts/rate.js';
import { Table } from '../parts/table.js';
import { formatDuration, formatNumber, plural, Time } from '../parts/time.js';

export function Deliveries() {
  const asked = useData('/api/deliveries', ['receipts', 'refusals'], { everyMs: 30_000 });
  return html`<${Heading} title="Deliveries" /><${Asked} of=${asked} draw=${(answer) => html`<${Answer} answer=${answer} />`} />`;
}

function Answer({ answer: { minutes, refusals, recent, lastAt, receivers } }) {
  return html`<p class="lead">
      ${lastAt ? html`The last delivery came at <${Time} at=${lastAt} />.` : 'No delivery has come yet.'}
    </p>
    <${Rate} minutes=${minutes} />
    <section aria-labelledby="refused">
      <h2 id="refused">Refused</h2>
      ${
        refusals.length === 0
          ? html`<${Empty}>Nothing was refused.<//>`
          : html`<${Table} caption="Refused deliveries by cause" columns=${REFUSALS} rows=${refusals} keyOf=${({ rule, cause, address }) => `${rule} ${cause} ${address}`} />`
      }
    </section>
    <section aria-labelledby="receivers">
      <h2 id="receivers">Receivers</h2>
      ${
        receivers.length === 0
          ? html`<${Empty}>No receiver is named in the settings.<//>`
          : html`<${Table} caption="Whether each can take deliveries, and what waits on its disk" columns=${RECEIVERS} rows=${receivers} keyOf=${({ url }) => url} />`
      }
    </section>
    <section aria-labelledby="recent">
      <h2 id="recent">The latest</h2>
      ${
        recent.length === 0
          ? html`<${Empty}>Nothing has come yet.<//>`
          : html`<${Table} caption="The latest deliveries" columns=${RECENT} rows=${recent} keyOf=${({ eventId }) => eventId} />`
      }
    </section>`;
}

const REFUSALS = [
  {
    title: 'Cause',
    isHeader: true,
    kind: 'wide',
    cell: ({ cause, rule }) => html`${cause ?? rule}<span class="under">${rule}</span>`,
  },
  { title: 'Count', kind: 'number', cell: ({ count }) => formatNumber(count) },
  { title: 'Last', cell: ({ lastAt }) => html`<${Time} at=${lastAt} />` },
  { title: 'From', cell: ({ address }) => html`<code>${address}</code>` },
  { title: 'What to do', kind: 'wide', cell: ({ advice }) => advice ?? '' },
];

const RECEIVERS = [
  { title: 'Receiver', isHeader: true, cell: ({ url }) => html`<code>${url}</code>` },
  {
    title: 'Takes deliveries',
    cell: ({ ready, problem }) =>
      ready ? html`<span class="good">yes</span>` : html`<span class="bad">no${problem && `: ${problem}`}</span>`,
  },
  {
    title: 'Waits on disk',
    cell: ({ spool }) => (spool ? html`${plural(spool.records, 'delivery', 'deliveries')}${age(spool)}` : '–'),
  },
  {
    title: 'Space used',
    kind: 'wide',
    cell: ({ spool }) =>
      spool &&
      html`<div class="bar">
        <progress max=${spool.maxBytes} value=${spool.bytes} aria-label="Space used on disk"></progress>
        <span>${mebibytes(spool.bytes)}</span>
      </div>`,
  },
];

const age = ({ oldestAgeSeconds }) =>
  oldestAgeSeconds ? `, the oldest for ${formatDuration(oldestAgeSeconds * 1000)}` : '';
const mebibytes = (bytes) => `${formatNumber(Math.ceil(bytes / 2 ** 20))} MiB`;

const RECENT = [
  { title: 'Received', cell: ({ receivedAt }) => html`<${Time} at=${receivedAt} />` },
  {
    title: 'Event',
    isHeader: true,
    cell: ({ event, workflowId }) =>
      html`<a href=${`/cases/${encodeURIComponent(workflowId)}`}>${event ?? 'unknown'}</a>`,
  },
  { title: 'Id', cell: ({ eventId }) => html`<code>${eventId}</code>` },
  {
    title: 'Person',
    cell: ({ userId }) => userId && html`<a class="id" href=${`/learners/${encodeURIComponent(userId)}`}>${userId}</a>`,
  },
  { title: 'Outcome', cell: ({ outcome }) => outcome ?? html`<span class="faint">open</span>` },
];
