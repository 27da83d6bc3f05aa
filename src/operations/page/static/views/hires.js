/** New hires who have not begun to learn. */
import { html } from '../parts/html.js';
import { Act } from '../parts/actions.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { caseHref, PersonLink, Status, WebUiLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const PATH = withQuery('/api/workflows', { event: 'user.provisioned', status: 'running', sort: 'started', limit: 100 });

const COLUMNS = [
  {
    title: 'Person',
    isHeader: true,
    cell: ({ person }) => html`<${PersonLink} person=${person} /><span class="under">${person?.teamId}</span>`,
  },
  { title: 'Role', cell: ({ person }) => person?.role ?? html`<span class="faint">–</span>` },
  { title: 'Added', cell: ({ startedAt }) => html`<${Time} at=${startedAt} />` },
  {
    title: 'Status',
    cell: (one) => html`<a href=${caseHref(one)}>${one.waitingFor ?? one.workflowId}</a> <${Status} of=${one} />`,
  },
  {
    title: 'By itself',
    cell: ({ next }) =>
      next && html`${next.what}${next.at && html` <span class="under"><${Time} at=${next.at} /></span>`}`,
  },
  {
    title: 'To do',
    cell: (one) => html`<${Act} of=${one} name=${one.person?.name ?? one.workflowId} /><${WebUiLink} of=${one} />`,
  },
];

export function Hires() {
  const asked = useList(PATH, 'cases', ['workflows']);
  return html`<${Heading} title="New hires" />
    <p class="lead">A new hire is here until the first step in any course or module.</p>
    <${Asked}
      of=${asked}
      draw=${({ total }) =>
        asked.rows.length === 0
          ? html`<${Empty}>Every new hire has begun to learn.<//>`
          : html`<${Table} caption="New hires" columns=${COLUMNS} rows=${asked.rows} keyOf=${({ workflowId }) => workflowId} />
              <${More} more=${asked.more} shown=${asked.rows.length} total=${total} />`}
    />`;
}
