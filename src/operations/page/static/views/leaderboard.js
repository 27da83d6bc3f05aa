/** Who leads: by points, of learners or teams, in a period. */
import { html } from '../parts/html.js';
import { withQuery } from '../parts/api.js';
import { Asked, Empty, More } from '../parts/asked.js';
import { useData, useList } from '../parts/data.js';
import { Filters, SelectFilter, TextFilter } from '../parts/filters.js';
import { Heading } from '../parts/layout.js';
import { usePlace } from '../parts/router.js';
import { Table } from '../parts/table.js';
import { formatDay, formatNumber } from '../parts/time.js';

const PERIODS = [
  ['month', 'This month'],
  ['week', 'This week'],
  ['quarter', 'The last 90 days'],
  ['all', 'All time'],
];

/** No event is older. */
const EARLIEST = '2000-01-01T00:00:00.000Z';

/** Where the period begins, in the reader's zone. */
function startOf(period, now = new Date()) {
  const day = (date) => new Date(now.getFullYear(), now.getMonth(), date).toISOString();
  if (period === 'week') return day(now.getDate() - ((now.getDay() + 6) % 7));
  if (period === 'quarter') return day(now.getDate() - 90);
  return period === 'all' ? EARLIEST : day(1);
}

export function Leaderboard() {
  const { query } = usePlace();
  const by = query.get('by') ?? 'learner';
  const parameters = {
    by,
    teamId: query.get('team'),
    moduleId: query.get('module'),
    from: startOf(query.get('period') ?? 'month'),
  };
  const asked = useList(withQuery('/api/leaderboard', { ...parameters, limit: 50 }), 'rows', [
    'progress',
    'receipts',
    'learners',
  ]);
  return html`<${Heading} title="Leaderboard">
      <a class="button" href=${withQuery('/api/leaderboard.csv', parameters)} download>CSV</a>
    <//>
    <${Filters}>
      <${SelectFilter} name="by" label="Of" options=${[
        ['learner', 'Learners'],
        ['team', 'Teams'],
      ]} />
      <${SelectFilter} name="period" label="Period" options=${PERIODS} />
      <${ModuleFilter} />
      ${by === 'learner' && html`<${TextFilter} name="team" label="Team" placeholder="id of a team" />`}
    <//>
    <${Asked} of=${asked} draw=${(answer) => html`<${Ranking} ...${{ answer, asked }} />`} />`;
}

/** Modules that somebody has begun. */
export function ModuleFilter() {
  const { data } = useData('/api/progress?limit=1', []);
  const modules = (data?.modules ?? []).map(({ moduleId, moduleName }) => [moduleId, moduleName]);
  return html`<${SelectFilter} name="module" label="Module" options=${[['', 'All modules'], ...modules]} />`;
}

const POINTS = [
  ['course', 'Courses'],
  ['quiz', 'Quizzes'],
  ['progress', 'Progress'],
  ['onTime', 'On time'],
];

function Ranking({ answer: { from, to, points }, asked }) {
  if (asked.rows.length === 0) return html`<${Empty}>Nobody has points in this period.<//>`;
  const best = Math.max(1, ...asked.rows.map((row) => row.points));
  const columns = [
    {
      title: 'Rank',
      kind: 'number',
      cell: ({ rank, isTied }) => html`<strong>${rank}</strong>${isTied && html`<span class="faint"> shared</span>`}`,
    },
    {
      title: 'Name',
      isHeader: true,
      cell: ({ userId, label }) =>
        userId ? html`<a href=${`/learners/${encodeURIComponent(userId)}`}>${label}</a>` : label,
    },
    {
      title: 'Points',
      kind: 'wide',
      cell: (row) => html`<div class="bar">
        <progress max=${best} value=${row.points} aria-hidden="true"></progress><span>${formatNumber(row.points)}</span>
      </div>`,
    },
    ...POINTS.map(([name, title]) => ({ title, kind: 'number', cell: (row) => formatNumber(row[name]) })),
  ];
  const worth = POINTS.map(([name, title]) => `${title.toLowerCase()} ${points[name]}`).join(', ');
  const caption = `${from === EARLIEST ? 'The beginning' : formatDay(from)} to ${formatDay(to)}. Points each: ${worth}.`;
  return html`<${Table} caption=${caption} columns=${columns} rows=${asked.rows} keyOf=${({ userId, teamId, label }) => userId ?? teamId ?? label} />
    <${More} more=${asked.more} shown=${asked.rows.length} />`;
}
