/** What needs a person, oldest first; and what has one cause, together. */
import { html } from '../parts/html.js';
import { Actions, useCanChange } from '../parts/actions.js';
import { Asked, Empty } from '../parts/asked.js';
import { openBulk } from '../parts/bulk.js';
import { caseHref, happened, kindOf, PersonLink, WebUiLink } from '../parts/case.js';
import { useData } from '../parts/data.js';
import { Heading } from '../parts/layout.js';
import { Time } from '../parts/time.js';

export function Needs() {
  const asked = useData('/api/needs', ['workflows', 'connectors']);
  return html`<${Heading} title="Needs you" /><${Asked} of=${asked} draw=${(needs) => html`<${Answer} needs=${needs} />`} />`;
}

function Answer({ needs }) {
  const { cases, causes, total, asOf } = needs;
  if (total === 0 && causes.length === 0)
    return html`<${Empty}>Nothing needs you. Whatever is open goes on by itself. Last looked <${Time} at=${asOf} far=${false} />.<//>`;
  return html`<${Numbers} needs=${needs} />
    ${
      causes.length > 0 &&
      html`<section aria-labelledby="by-cause">
      <h2 id="by-cause">By cause</h2>
      <ul class="causes">
        ${causes.map((group) => html`<${CauseCard} key=${group.workflowIds[0]} of=${group} cases=${cases} />`)}
      </ul>
    </section>`
    }
    <section aria-labelledby="one-by-one">
      <h2 id="one-by-one">One by one, oldest first</h2>
      ${cases.length === 0 && html`<${Empty}>Nobody is waited for.<//>`}
      <ul class="cards">
        ${cases.map((one) => html`<${Card} key=${one.workflowId} of=${one} />`)}
      </ul>
      ${total > cases.length && html`<p class="more">The oldest ${cases.length} of ${total} are shown.</p>`}
    </section>`;
}

function Numbers({ needs: { total, overdue, conflicts, quarantined } }) {
  return html`<ul class="numbers">
    <li><strong>${total}</strong> ${total === 1 ? 'case needs' : 'cases need'} a person</li>
    <li class=${overdue > 0 ? 'bad' : ''}><strong>${overdue}</strong> overdue</li>
    <li><a href="/quarantine"><strong>${quarantined}</strong> in quarantine</a></li>
    ${conflicts > 0 && html`<li class="warn"><a href="/quarantine"><strong>${conflicts}</strong> ${conflicts === 1 ? 'event that' : 'events that'} came twice with different content</a></li>`}
  </ul>`;
}

/** What one can do about all of them at once, unless it needs something of each. */
function CauseCard({ of: group, cases }) {
  const canChange = useCanChange();
  const { system, sentence, count, workflowIds } = group;
  const action = cases.find(({ workflowId }) => workflowIds.includes(workflowId))?.actions[0];
  const isShared = action && action.asks.every((asked) => asked === 'reason');
  const label = action?.message === 'retryStep' ? 'Retry' : `${action?.label}:`;
  const forAll = () =>
    openBulk({
      title: `${label} all ${count}`,
      does: action.does,
      verb: action.label,
      message: action.message,
      args: action.args,
      filter: filterOf(group),
      asks: [],
    });
  return html`<li class="cause">
    <p><strong>${sentence}</strong></p>
    <div class="actions">
      ${canChange && isShared && html`<button type="button" onClick=${forAll}>${label} all ${count}</button>`}
      ${system && html`<a class="button plain" href="/connectors">Hold or release ${system}</a>`}
    </div>
  </li>`;
}

/** Without a name of the cause, they are known by their ids alone. */
const filterOf = ({ cause, workflowIds }) => (cause === null ? { workflowIds } : { needs: 'person', cause });

function Card({ of: one }) {
  const { person, since, next, about } = one;
  return html`<li class="card">
    <article aria-label=${`${kindOf(one)}: ${person?.name ?? one.workflowId}`}>
      <header>
        <span class="kind">${kindOf(one)}</span> <${PersonLink} person=${person} />
        ${about && html`<span class="about">${about}</span>`}
        <span class="since">${since && html`since <${Time} at=${since} />`}</span>
      </header>
      <p class="sentence">${happened(one)}</p>
      ${next && html`<p class="next">By itself: ${next.what}${next.at && html`, <${Time} at=${next.at} />`}.</p>`}
      <footer>
        <${Actions} of=${one} correctAt=${caseHref(one)} />
        <a href=${caseHref(one)}>All about it</a>
        <${WebUiLink} of=${one} />
      </footer>
    </article>
  </li>`;
}
