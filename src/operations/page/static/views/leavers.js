/** Who left, how far it is by system, and the clock of the hour in which access has to end. */
import { html } from '../parts/html.js';
import { Act } from '../parts/actions.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { PersonLink, WebUiLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { CheckFilter, DateFilter, Filters, periodOf, TextFilter } from '../parts/filters.js';
import { Heading } from '../parts/layout.js';
import { AccessEnded, StepStatus, STEP_TITLES } from '../parts/leaver.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const COLUMNS = [
  {
    title: 'Person',
    isHeader: true,
    kind: 'name',
    cell: ({ person, workflowId, reason }) =>
      html`<${PersonLink} person=${person} />
        <span class="under">
          <a href=${`/leavers/${encodeURIComponent(workflowId)}`}>All about it<span class="unseen">: ${person?.name}</span></a>
          ${reason && `, ${reason}`}
        </span>`,
  },
  { title: 'Left', cell: ({ leftAt, receivedAt }) => html`<${Time} at=${leftAt ?? receivedAt} />` },
  { title: 'Access ended', cell: (leaver) => html`<${AccessEnded} leaver=${leaver} />` },
  {
    title: 'To do',
    cell: (leaver) => html`<${Act} of=${leaver} name=${leaver.person.name} /><${WebUiLink} of=${leaver} />`,
  },
  ...STEP_TITLES.map(([name, title]) => ({
    title,
    cell: ({ steps, leftAt }) => html`<${StepStatus} step=${steps[name]} leftAt=${leftAt} />`,
  })),
];

export function Leavers() {
  const { query } = usePlace();
  const period = periodOf(query);
  const path = withQuery('/api/leavers', { ...period, q: query.get('q'), open: query.get('open'), limit: 50 });
  const asked = useList(path, 'leavers', ['workflows', 'effects', 'receipts']);
  return html`<${Heading} title="Leavers" />
    <p class="lead">
      Access has to end within an hour of leaving. What ends access comes first; the rest follows, and is undone if somebody
      cancels.
    </p>
    <${Filters}>
      <${TextFilter} name="q" label="Person" placeholder="id or address" />
      <${DateFilter} name="from" label="From" /><${DateFilter} name="to" label="To" />
      <${CheckFilter} name="open" label="Open only" />
      <${EvidenceOfPeriod} period=${period} />
    <//>
    <${Asked}
      of=${asked}
      draw=${({ total }) =>
        asked.rows.length === 0
          ? html`<${Empty}>Nobody left${query.size > 0 ? ' who fits these filters' : ' yet'}.<//>`
          : html`<${Table}
                caption="Leavers, the newest first, with the time at which each system was changed"
                columns=${COLUMNS}
                rows=${asked.rows}
                keyOf=${({ workflowId }) => workflowId}
              />
              <${More} more=${asked.more} shown=${asked.rows.length} total=${total} />`}
    />`;
}

/** A file needs a period: an evidence file of everything would never be complete. */
function EvidenceOfPeriod({ period }) {
  if (!period.from || !period.to)
    return html`<p class="hint">Choose a period to get its evidence file as PDF or CSV.</p>`;
  return html`<p class="actions">
    <a class="button" href=${withQuery('/api/leavers/evidence.pdf', period)} download>Evidence, PDF</a>
    <a class="button" href=${withQuery('/api/leavers/evidence.csv', period)} download>Evidence, CSV</a>
  </p>`;
}
