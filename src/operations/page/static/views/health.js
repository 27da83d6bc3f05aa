/** Whether everything that this needs works. */
import { html } from '../parts/html.js';
import { Asked } from '../parts/asked.js';
import { useData } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Table } from '../parts/table.js';
import { plural } from '../parts/time.js';

const STATUSES = {
  ok: ['works', 'good'],
  warn: ['look at it', 'warn'],
  fail: ['does not work', 'bad'],
  unknown: ['not checked', ''],
};
const ORDER = ['fail', 'warn', 'unknown', 'ok'];

const COLUMNS = [
  { title: 'Check', isHeader: true, cell: ({ name }) => name },
  {
    title: 'Status',
    cell: ({ status }) => {
      const [words, tone] = STATUSES[status] ?? [status, ''];
      return html`<span class=${`tag ${tone}`}>${words}</span>`;
    },
  },
  {
    title: 'Detail',
    kind: 'wide',
    cell: ({ detail, fix }) => html`${detail}${fix && html`<span class="under">${fix}</span>`}`,
  },
];

export function Health() {
  const asked = useData('/api/health', ['connectors'], { everyMs: 15_000 });
  return html`<${Heading} title="Health" /><${Asked} of=${asked} draw=${({ checks }) => html`<${Checks} checks=${checks} />`} />`;
}

function summaryOf(checks) {
  const count = (wanted) => checks.filter(({ status }) => status === wanted).length;
  const [failed, unsure, unknown] = ['fail', 'warn', 'unknown'].map(count);
  if (failed > 0) return `${plural(failed, 'thing does', 'things do')} not work.`;
  if (unsure > 0) return `Nothing fails. ${plural(unsure, 'thing needs', 'things need')} a look.`;
  return unknown > 0 ? 'Everything works that can be checked from here.' : 'Everything works.';
}

function Checks({ checks }) {
  const sorted = [...checks].sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  return html`<p class="lead" role="status">
      ${summaryOf(checks)}
    </p>
    <${Table} caption="Checked every few seconds" columns=${COLUMNS} rows=${sorted} keyOf=${({ name, detail }) => `${name} ${detail}`} />`;
}
