/** Who has to be coached, by team. */
import { html } from '../parts/html.js';
import { Act } from '../parts/actions.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { caseHref, PersonLink, Status, WebUiLink } from '../parts/case.js';
import { useList } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Table } from '../parts/table.js';
import { plural, Time } from '../parts/time.js';

const PATH = withQuery('/api/workflows', { event: 'quiz.submitted', status: 'running', sort: 'deadline', limit: 200 });

const COLUMNS = [
  { title: 'Person', isHeader: true, cell: ({ person }) => html`<${PersonLink} person=${person} />` },
  { title: 'Quiz', cell: (one) => html`<a href=${caseHref(one)}>${one.about ?? one.workflowId}</a>` },
  { title: 'What happened', kind: 'wide', cell: ({ sentence }) => sentence },
  { title: 'Escalates', cell: ({ deadline }) => html`<${Time} at=${deadline} />` },
  { title: 'Status', cell: (one) => html`<${Status} of=${one} />` },
  {
    title: 'To do',
    cell: (one) => html`<${Act} of=${one} name=${one.person?.name ?? one.workflowId} /><${WebUiLink} of=${one} />`,
  },
];

export function Coaching() {
  const asked = useList(PATH, 'cases', ['workflows']);
  const teams = teamsOf(asked.rows);
  return html`<${Heading} title="Coaching" />
    <p class="lead">A quiz that was not passed waits for a manager to coach, or for the learner to pass it.</p>
    <${Asked}
      of=${asked}
      draw=${({ total }) =>
        asked.rows.length === 0
          ? html`<${Empty}>Nobody has to be coached.<//>`
          : html`${teams.map(([team, cases]) => html`<${Team} key=${team} team=${team} cases=${cases} />`)}
              <${More} more=${asked.more} shown=${asked.rows.length} total=${total} />`}
    />`;
}

function Team({ team, cases }) {
  return html`<section>
    <h2>${team} <span class="count">${cases.length}</span></h2>
    <${Table}
      caption=${`${plural(cases.length, 'learner')} to coach in ${team}`}
      columns=${COLUMNS}
      rows=${cases}
      keyOf=${({ workflowId }) => workflowId}
    />
  </section>`;
}

function teamsOf(cases) {
  const teams = new Map();
  for (const one of cases) {
    const team = one.person?.teamId ?? 'No team';
    teams.set(team, [...(teams.get(team) ?? []), one]);
  }
  return [...teams].sort(([a], [b]) => a.localeCompare(b));
}
