/** Certificates that have to be renewed: by deadline, as a list or a calendar; many can be extended at once. */
import { html, useState } from '../parts/html.js';
import { Act, useCanChange } from '../parts/actions.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { openBulk } from '../parts/bulk.js';
import { caseHref, PersonLink, Status, WebUiLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { Calendar } from './calendar.js';

export const RECERTIFICATIONS = { event: 'certification.expired', status: 'running', sort: 'deadline' };

export function Recertifications() {
  const { query } = usePlace();
  const isCalendar = query.get('view') === 'calendar';
  return html`<${Heading} title="Recertifications">
      <p class="tabs">
        <a href="/recertifications" aria-current=${isCalendar ? undefined : 'page'}>List</a>
        <a href="/recertifications?view=calendar" aria-current=${isCalendar ? 'page' : undefined}>Calendar</a>
      </p>
    <//>
    ${isCalendar ? html`<${Calendar} />` : html`<${List} />`}`;
}

function List() {
  const asked = useList(withQuery('/api/workflows', { ...RECERTIFICATIONS, limit: 100 }), 'cases', ['workflows']);
  const [selected, setSelected] = useState(new Set());
  return html`<${Asked}
    of=${asked}
    draw=${({ total }) =>
      asked.rows.length === 0
        ? html`<${Empty}>No certificate has to be renewed.<//>`
        : html`<${Selection} ...${{ rows: asked.rows, total, selected, setSelected }} />
            <${Table}
              caption="Open recertifications, the earliest deadline first"
              columns=${columns(selected, setSelected)}
              rows=${asked.rows}
              keyOf=${({ workflowId }) => workflowId}
            />
            <${More} more=${asked.more} shown=${asked.rows.length} total=${total} />`}
  />`;
}

function columns(selected, setSelected) {
  const toggle = (workflowId) => {
    const next = new Set(selected);
    if (!next.delete(workflowId)) next.add(workflowId);
    setSelected(next);
  };
  return [
    {
      title: 'Select',
      cell: ({ workflowId, person, about }) =>
        html`<input
          type="checkbox"
          checked=${selected.has(workflowId)}
          aria-label=${`Select ${person?.name ?? workflowId}, ${about}`}
          onChange=${() => toggle(workflowId)}
        />`,
    },
    {
      title: 'Person',
      isHeader: true,
      cell: (one) => html`<${PersonLink} person=${one.person} /><span class="under">${one.person?.teamId}</span>`,
    },
    { title: 'Certificate', cell: (one) => html`<a href=${caseHref(one)}>${one.about ?? one.workflowId}</a>` },
    {
      title: 'Deadline',
      cell: ({ deadline }) =>
        html`<span class=${Date.parse(deadline) < Date.now() ? 'bad' : ''}><${Time} at=${deadline} /></span>`,
    },
    { title: 'Status', cell: (one) => html`<${Status} of=${one} />` },
    {
      title: 'To do',
      cell: (one) => html`<${Act} of=${one} name=${one.person?.name ?? one.workflowId} /><${WebUiLink} of=${one} />`,
    },
  ];
}

function Selection({ rows, total, selected, setSelected }) {
  const canChange = useCanChange();
  // A case that has ended meanwhile is no longer selected.
  const ids = rows.filter(({ workflowId }) => selected.has(workflowId)).map(({ workflowId }) => workflowId);
  const areAll = ids.length === rows.length;
  if (!canChange) return null;
  const extend = (filter, count) =>
    openBulk({
      title: `Extend ${count} ${count === 1 ? 'deadline' : 'deadlines'}`,
      does: 'Moves each deadline to this day, and the reminders with it.',
      verb: 'Extend',
      message: 'extendDeadline',
      args: {},
      filter,
      asks: ['deadline'],
      onDone: () => setSelected(new Set()),
    });
  const { event } = RECERTIFICATIONS;
  return html`<div class="filters selection">
    <button type="button" onClick=${() => setSelected(new Set(areAll ? [] : rows.map(({ workflowId }) => workflowId)))}>
      ${areAll ? 'Select none' : `Select all ${rows.length} shown`}
    </button>
    <button type="button" disabled=${ids.length === 0} onClick=${() => extend({ event, workflowIds: ids }, ids.length)}>
      Extend selected (${ids.length})…
    </button>
    <button type="button" class="plain" onClick=${() => extend({ event }, total)}>Extend all ${total}…</button>
    <p role="status" class="unseen">${ids.length} selected</p>
  </div>`;
}
