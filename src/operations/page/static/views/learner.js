/** One person: open cases, progress, and everything that is known, in one timeline. */
import { html } from '../parts/html.js';
import { Actions, useCanChange } from '../parts/actions.js';
import { Asked, Empty } from '../parts/asked.js';
import { caseHref, kindOf, Status, WebUiLink } from '../parts/case.js';
import { useData } from '../parts/data.js';
import { Moment } from '../parts/detail.js';
import { openForget } from '../parts/forget.js';
import { Heading } from '../parts/layout.js';
import { formatNumber, Time } from '../parts/time.js';
import { ProgressTable } from './progress.js';

const TOPICS = ['learners', 'workflows', 'effects', 'receipts', 'progress'];

export function Learner({ id }) {
  const asked = useData(`/api/learners/${encodeURIComponent(id)}`, TOPICS);
  return html`<${Heading} title=${asked.data?.person.name ?? 'A person'} />
    <${Asked} of=${asked} draw=${(answer) => html`<${Answer} answer=${answer} onDone=${asked.again} />`} />`;
}

function Answer({ answer: { person, timeline, cases, progress, points }, onDone }) {
  return html`<${Facts} person=${person} points=${points} />
    <section aria-labelledby="cases">
      <h2 id="cases">Cases</h2>
      ${cases.length === 0 && html`<${Empty}>No case is open.<//>`}
      <ul class="cards">
        ${cases.map((one) => html`<${OneCase} key=${one.workflowId} of=${one} onDone=${onDone} />`)}
      </ul>
    </section>
    ${
      progress.length > 0 &&
      html`<section aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      <${ProgressTable} caption="Modules that were begun" rows=${progress} hasPerson=${false} />
    </section>`
    }
    <section aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      ${timeline.length === 0 && html`<${Empty}>Nothing is known yet.<//>`}
      <ol class="timeline">
        ${timeline.map((entry) => html`<${Entry} key=${`${entry.at} ${entry.kind} ${entry.text}`} of=${entry} />`)}
      </ol>
    </section>
    <${Forget} person=${person} />`;
}

function Facts({ person, points }) {
  const total = typeof points === 'number' ? points : points?.points;
  return html`<div class="box">
    <dl class="facts">
      <dt>Id</dt>
      <dd><code>${person.userId}</code></dd>
      <dt>E-mail</dt>
      <dd>${person.email ?? 'not known'}</dd>
      <dt>Role, team</dt>
      <dd>${[person.role, person.teamId].filter(Boolean).join(', ') || 'not known'}</dd>
      <dt>Manager</dt>
      <dd>${person.managerEmail ?? 'not known'}</dd>
      <dt>Status</dt>
      <dd>${person.isActive ? 'active' : 'has left'}</dd>
      ${total !== undefined && total !== null && html`<dt>Points</dt><dd>${formatNumber(total)}</dd>`}
    </dl>
  </div>`;
}

function OneCase({ of: one, onDone }) {
  return html`<li class="card">
    <header>
      <span class="kind">${kindOf(one)}</span> <a href=${caseHref(one)}>${one.about ?? 'All about it'}</a>
      <${Status} of=${one} />
      ${one.deadline && html`<span class="since">deadline <${Time} at=${one.deadline} /></span>`}
    </header>
    <p class="sentence">${one.sentence}</p>
    <footer><${Actions} of=${one} onDone=${onDone} correctAt=${caseHref(one)} /><${WebUiLink} of=${one} /></footer>
  </li>`;
}

const KINDS = { event: 'event', decision: 'decision', effect: 'change', notified: 'message', note: 'note' };

function Entry({ of: { at, kind, text, by, workflowId, system, status } }) {
  return html`<${Moment} at=${at} kind=${KINDS[kind] ?? kind} text=${text} by=${by}>
    ${
      (system || workflowId) &&
      html`<p class="under">
      ${[system, status].filter(Boolean).join(': ')}
      ${workflowId && html` <a href=${`/cases/${encodeURIComponent(workflowId)}`}>the case</a>`}
    </p>`
    }
  <//>`;
}

function Forget({ person }) {
  if (!useCanChange()) return null;
  return html`<section aria-labelledby="forget">
    <h2 id="forget">A request to be forgotten</h2>
    <p class="lead">Removes what the ledger knows about this person, and says what remains elsewhere and for how long.</p>
    <button type="button" class="danger" onClick=${() => openForget(person)}>Forget this person…</button>
  </section>`;
}
