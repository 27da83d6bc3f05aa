/** What connectors that only observe would have done. */
import { html } from '../parts/html.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { PersonLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Filters, SelectFilter } from '../parts/filters.js';
import { Heading } from '../parts/layout.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const COLUMNS = [
  { title: 'When', cell: ({ at }) => html`<${Time} at=${at} />` },
  { title: 'System', cell: ({ system }) => system },
  {
    title: 'Would have',
    isHeader: true,
    kind: 'wide',
    cell: ({ would, workflowId }) => html`<a href=${`/cases/${encodeURIComponent(workflowId)}`}>${would}</a>`,
  },
  { title: 'Person', cell: ({ person }) => html`<${PersonLink} person=${person} />` },
  { title: 'Step', cell: ({ step }) => html`<code>${step}</code>` },
];

export function Observed() {
  const { query } = usePlace();
  const asked = useList(withQuery('/api/observed', { system: query.get('system'), limit: 50 }), 'effects', ['effects']);
  const counts = asked.data?.counts ?? [];
  return html`<${Heading} title="What would have happened" />
    <p class="lead">
      A connector that observes changes nothing. Here is what it would have changed; look at it before you switch the connector
      on.
    </p>
    ${
      counts.length > 0 &&
      html`<${Filters}>
      <${SelectFilter}
        name="system"
        label="System"
        options=${[['', 'All systems'], ...counts.map(({ system, count }) => [system, `${system} (${count})`])]}
      />
    <//>`
    }
    <${Asked}
      of=${asked}
      draw=${() =>
        asked.rows.length === 0
          ? html`<${Empty}>No connector has observed anything.<//>`
          : html`<${Table} caption="What was not done, the newest first" columns=${COLUMNS} rows=${asked.rows} keyOf=${({ at, workflowId, step }) => `${at} ${workflowId} ${step}`} />
              <${More} more=${asked.more} shown=${asked.rows.length} />`}
    />`;
}
