/** Who and what changed which system, when and why. */
import { html } from '../parts/html.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { useList } from '../parts/data.js';
import { Value } from '../parts/detail.js';
import { DateFilter, Filters, TextFilter } from '../parts/filters.js';
import { Heading } from '../parts/layout.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const COLUMNS = [
  { title: 'When', cell: ({ at }) => html`<${Time} at=${at} />` },
  {
    title: 'By',
    cell: ({ by, reason }) => html`${by ?? 'the process'}${reason && html`<span class="under">“${reason}”</span>`}`,
  },
  {
    title: 'What',
    isHeader: true,
    kind: 'wide',
    cell: ({ what, workflowId }) =>
      workflowId ? html`<a href=${`/cases/${encodeURIComponent(workflowId)}`}>${what}</a>` : what,
  },
  { title: 'System', cell: ({ system }) => system ?? '' },
  {
    title: 'Person',
    cell: ({ userId }) => userId && html`<a class="id" href=${`/learners/${encodeURIComponent(userId)}`}>${userId}</a>`,
  },
  { title: 'Status', cell: ({ status }) => status ?? '' },
  { title: 'Before', cell: ({ before }) => html`<${Value} of=${before} />` },
  { title: 'Result', cell: ({ result }) => html`<${Value} of=${result} />` },
];

export function Audit() {
  const { query } = usePlace();
  const since = query.get('since');
  const parameters = {
    userId: query.get('user'),
    since: since ? new Date(`${since}T00:00:00`).toISOString() : undefined,
  };
  const asked = useList(withQuery('/api/audit', { ...parameters, limit: 50 }), 'rows', ['effects']);
  return html`<${Heading} title="Audit">
      <a class="button" href=${withQuery('/api/audit.csv', parameters)} download>CSV</a>
    <//>
    <${Filters}>
      <${TextFilter} name="user" label="Person" placeholder="id" /><${DateFilter} name="since" label="Since" />
    <//>
    <${Asked}
      of=${asked}
      draw=${() =>
        asked.rows.length === 0
          ? html`<${Empty}>Nothing was changed.<//>`
          : html`<${Table} caption="Changes, the newest first" columns=${COLUMNS} rows=${asked.rows} keyOf=${keyOf} />
              <${More} more=${asked.more} shown=${asked.rows.length} />`}
    />`;
}

const keyOf = ({ at, workflowId, step, what, userId }) => [at, workflowId, step, what, userId].join(' ');
