/** Authentic events that could not be read. */
import { html } from '../parts/html.js';
import { Act } from '../parts/actions.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { caseHref, WebUiLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const PATH = withQuery('/api/workflows', { type: 'quarantine', status: 'running', sort: 'started', limit: 100 });

const COLUMNS = [
  {
    title: 'What happened',
    isHeader: true,
    kind: 'wide',
    cell: (one) => html`<a href=${caseHref(one)}>${one.sentence}</a>`,
  },
  { title: 'Event', cell: ({ event }) => event ?? 'unknown' },
  { title: 'Since', cell: ({ since, startedAt }) => html`<${Time} at=${since ?? startedAt} />` },
  {
    title: 'To do',
    cell: (one) =>
      html`<${Act} of=${one} name=${one.event ?? one.workflowId} correctAt=${caseHref(one)} /><${WebUiLink} of=${one} />`,
  },
];

export function Quarantine() {
  const asked = useList(PATH, 'cases', ['workflows']);
  return html`<${Heading} title="Quarantine" />
    <p class="lead">
      These events are signed by MindTickle and could not be read, or came twice with different content. Nothing happens until
      somebody corrects and runs them, or discards them.
    </p>
    <${Asked}
      of=${asked}
      draw=${({ total }) =>
        asked.rows.length === 0
          ? html`<${Empty}>Every event could be read.<//>`
          : html`<${Table}
                caption="Events in quarantine"
                columns=${COLUMNS}
                rows=${asked.rows}
                keyOf=${({ workflowId }) => workflowId}
              />
              <${More} more=${asked.more} shown=${asked.rows.length} total=${total} />`}
    />`;
}
