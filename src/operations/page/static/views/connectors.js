/** The other systems: what may be changed there, who works for each, and a switch that holds all calls. */
import { html, useState } from '../parts/html.js';
import { useCanChange } from '../parts/actions.js';
import { announce } from '../parts/announce.js';
import { post } from '../parts/api.js';
import { Asked } from '../parts/asked.js';
import { useData } from '../parts/data.js';
import { closeDialog, openDialog } from '../parts/dialog.js';
import { AskedField, Form } from '../parts/form.js';
import { Heading } from '../parts/layout.js';
import { Table } from '../parts/table.js';
import { formatNumber, Time } from '../parts/time.js';

const MODES = {
  on: ['on', 'good', 'changes are made'],
  observe: ['observes', 'warn', 'nothing is changed'],
  off: ['off', '', 'not configured, or switched off'],
};

const nameOf = ({ label, system }) => label ?? system;

const COLUMNS = [
  { title: 'System', isHeader: true, cell: (connector) => nameOf(connector) },
  {
    title: 'Mode',
    cell: ({ mode }) => {
      const [word, tone, means] = MODES[mode] ?? [mode, '', ''];
      return html`<span class=${`tag ${tone}`}>${word}</span> <span class="under">${means}</span>`;
    },
  },
  {
    title: 'Calls',
    kind: 'wide',
    cell: ({ held }) =>
      held
        ? html`<span class="tag bad">held</span> ${held.reason}<span class="under"
              >${held.by && `by ${held.by} `}<${Time} at=${held.since} /></span
            >`
        : 'are made',
  },
  { title: 'Waiting', kind: 'number', cell: ({ backlog }) => formatNumber(backlog) },
  { title: 'Workers', kind: 'number', cell: ({ pollers }) => formatNumber(pollers) },
  { title: 'Last seen', cell: ({ lastPollAt }) => html`<${Time} at=${lastPollAt} />` },
  { title: 'To do', cell: (connector) => html`<${Switch} connector=${connector} />` },
];

export function Connectors() {
  const asked = useData('/api/connectors', ['connectors'], { everyMs: 15_000 });
  return html`<${Heading} title="Connectors" />
    <p class="lead">
      Hold a system to make no call to it, for example while it is being repaired. Cases wait, and go on once it is released.
    </p>
    <${Asked}
      of=${asked}
      draw=${({ connectors }) =>
        html`<${Table} caption="Systems that cases work with" columns=${COLUMNS} rows=${connectors} keyOf=${({ system }) => system} />`}
    />`;
}

function Switch({ connector }) {
  if (!useCanChange()) return null;
  const verb = connector.held ? 'Release' : 'Hold';
  return html`<button type="button" onClick=${() => openSwitch(connector, verb)}>
    ${verb}<span class="unseen"> ${nameOf(connector)}</span>
  </button>`;
}

function openSwitch(connector, verb) {
  openDialog(`${verb} ${nameOf(connector)}`, () => html`<${SwitchForm} ...${{ connector, verb }} />`);
}

function SwitchForm({ connector, verb }) {
  const [reason, setReason] = useState('');
  const does =
    verb === 'Hold'
      ? 'No call leaves to this system until somebody releases it. Access of leavers is not ended there meanwhile.'
      : 'The calls that wait are made now.';
  const submit = async () => {
    await post(`/api/connectors/${encodeURIComponent(connector.system)}/${verb.toLowerCase()}`, {
      reason: reason.trim(),
    });
    closeDialog();
    announce(`${nameOf(connector)} is ${verb === 'Hold' ? 'held' : 'released'}.`);
  };
  return html`<${Form} submit=${verb} isDangerous=${verb === 'Hold'} onSubmit=${submit}>
    <p class="does">${does}</p>
    <${AskedField} name="reason" value=${reason} onInput=${setReason} />
  <//>`;
}
