/** Everything about one case. */
import { html, useEffect } from '../parts/html.js';
import { Actions } from '../parts/actions.js';
import { Asked } from '../parts/asked.js';
import { caseHref, happened, kindOf, PersonLink, Status, WebUiLink } from '../parts/case.js';
import { useData } from '../parts/data.js';
import { Effects, EventOf, History, Notes, Steps } from '../parts/detail.js';
import { Heading } from '../parts/layout.js';
import { go } from '../parts/router.js';
import { Time } from '../parts/time.js';

export const casePath = (id) => `/api/workflows/${encodeURIComponent(id)}`;

export function Case({ id }) {
  const asked = useData(casePath(id), ['workflows', 'effects', 'receipts']);
  const one = asked.data?.case;
  // A leaver and an event in quarantine have views of their own.
  const home = one && caseHref(one);
  useEffect(() => {
    if (home && home !== location.pathname) go(home, { replace: true });
  }, [home]);
  return html`<${Heading} title=${one ? titleOf(one) : 'Case'} />
    <${Asked} of=${asked} draw=${(answer) => html`<${Everything} answer=${answer} onDone=${asked.again} />`} />`;
}

export const titleOf = (one) => `${kindOf(one)}: ${one.person?.name ?? one.about ?? one.workflowId}`;

/** `children` come after the summary. */
export function Everything({ answer, onDone, children }) {
  const { case: one, state, stateProblem, event, effects, notes } = answer;
  return html`<${Summary} of=${one} onDone=${onDone} />
    ${stateProblem && html`<p class="refusal">Its present state cannot be read: ${stateProblem}</p>`} ${children}
    ${state && html`<${Steps} steps=${state.steps} />`}
    <div class="columns">
      ${state && html`<${History} history=${state.history} notified=${state.notified} />`}
      <div><${Notes} workflowId=${one.workflowId} notes=${notes} onDone=${onDone} /><${EventOf} event=${event} /></div>
    </div>
    <${Effects} effects=${effects} />`;
}

function Summary({ of: one, onDone }) {
  return html`<div class="box">
    <p class="sentence">${one.closedAt ? one.sentence : happened(one)}</p>
    <dl class="facts">
      ${[...FACTS, ...(one.closedAt ? AT_THE_END : MEANWHILE)]
        .map(([title, draw]) => [title, draw(one)])
        .filter(([, shown]) => shown)
        .map(([title, shown]) => html`<dt>${title}</dt><dd>${shown}</dd>`)}
    </dl>
    <footer><${Actions} of=${one} onDone=${onDone} /><${WebUiLink} of=${one} /></footer>
  </div>`;
}

const FACTS = [
  [
    'Person',
    ({ person }) =>
      html`<${PersonLink} person=${person} />${person?.email && html` <span class="faint">${person.email}</span>`}`,
  ],
  ['About', ({ about }) => about],
  [
    'Status',
    (one) => html`<${Status} of=${one} />${!one.closedAt && one.since && html` since <${Time} at=${one.since} />`}`,
  ],
  ['Deadline', ({ deadline }) => deadline && html`<${Time} at=${deadline} />`],
];

const MEANWHILE = [
  // Of a parked step it names the messages, which are the buttons here.
  ['Waits for', ({ phase, waitingFor }) => phase !== 'parked' && waitingFor],
  ['By itself', ({ next }) => next && html`${next.what}${next.at && html`, <${Time} at=${next.at} />`}`],
];

const AT_THE_END = [['Ended', ({ closedAt }) => html`<${Time} at=${closedAt} />`]];
