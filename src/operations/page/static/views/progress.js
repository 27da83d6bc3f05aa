/** How far learners are in each module. */
import { html } from '../parts/html.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { PersonLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Filters, TextFilter } from '../parts/filters.js';
import { Heading } from '../parts/layout.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { formatDuration, formatNumber, Time } from '../parts/time.js';
import { ModuleFilter } from './leaderboard.js';

export const Bar = ({ percent, label }) =>
  html`<div class="bar">
    <progress max="100" value=${percent} aria-label=${label}></progress><span aria-hidden="true">${Math.round(percent)} %</span>
  </div>`;

export function Progress() {
  const { query } = usePlace();
  const parameters = { teamId: query.get('team'), moduleId: query.get('module'), limit: 50 };
  const asked = useList(withQuery('/api/progress', parameters), 'rows', ['progress', 'learners']);
  return html`<${Heading} title="Progress" />
    <${Filters}>
      <${ModuleFilter} /><${TextFilter} name="team" label="Team" placeholder="id of a team" />
    <//>
    <${Asked} of=${asked} draw=${({ modules }) => html`<${Answer} ...${{ modules, asked }} />`} />`;
}

function Answer({ modules, asked }) {
  if (asked.rows.length === 0) return html`<${Empty}>Nobody has begun a module.<//>`;
  return html`<${Table}
      caption="Modules: how far their learners are, on average"
      rows=${modules}
      keyOf=${({ moduleId }) => moduleId}
      columns=${[
        { title: 'Module', isHeader: true, cell: ({ moduleName }) => moduleName },
        {
          title: 'Average',
          kind: 'wide',
          cell: ({ averagePercent, moduleName }) =>
            html`<${Bar} percent=${averagePercent} label=${`Average of ${moduleName}`} />`,
        },
        { title: 'Learners', kind: 'number', cell: ({ learners }) => formatNumber(learners) },
        { title: 'Completed', kind: 'number', cell: ({ completed }) => formatNumber(completed) },
      ]}
    />
    <section aria-labelledby="learners">
      <h2 id="learners">Learners</h2>
      <${ProgressTable} caption="The latest progress first" rows=${asked.rows} hasPerson=${true} />
      <${More} more=${asked.more} shown=${asked.rows.length} />
    </section>`;
}

export function ProgressTable({ caption, rows, hasPerson }) {
  const columns = [
    { title: 'Module', isHeader: true, cell: ({ moduleName }) => moduleName },
    {
      title: 'Progress',
      kind: 'wide',
      cell: ({ percent, moduleName }) => html`<${Bar} percent=${percent} label=${`Progress in ${moduleName}`} />`,
    },
    { title: 'Time spent', kind: 'number', cell: ({ seconds }) => formatDuration(seconds * 1000) },
    { title: 'Last', cell: ({ at }) => html`<${Time} at=${at} />` },
  ];
  const who = { title: 'Person', cell: ({ person }) => html`<${PersonLink} person=${person} />` };
  return html`<${Table}
    caption=${caption}
    columns=${hasPerson ? [who, ...columns] : columns}
    rows=${rows}
    keyOf=${({ person, moduleId }) => `${person?.userId} ${moduleId}`}
  />`;
}
