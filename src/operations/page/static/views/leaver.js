/** One leaver: what has ended, what has not, and the evidence of it. */
import { html, useState } from '../parts/html.js';
import { useCanChange } from '../parts/actions.js';
import { post, withQuery } from '../parts/api.js';
import { Asked } from '../parts/asked.js';
import { useData } from '../parts/data.js';
import { Refusal } from '../parts/form.js';
import { Heading } from '../parts/layout.js';
import { AccessEnded, StepStatus, STEP_TITLES } from '../parts/leaver.js';
import { Time } from '../parts/time.js';
import { casePath, Everything, titleOf } from './case.js';

const TOPICS = ['workflows', 'effects', 'receipts'];

export function Leaver({ id }) {
  const asked = useData(casePath(id), TOPICS);
  const one = asked.data?.case;
  return html`<${Heading} title=${one ? titleOf(one) : 'Leaver'} />
    <${Asked}
      of=${asked}
      draw=${(answer) =>
        html`<${Everything} answer=${answer} onDone=${asked.again}>
          <${Ended} one=${one} /><${StillEnded} id=${id} onDone=${asked.again} /><${Evidence} id=${id} />
        <//>`}
    />`;
}

/** The same as in the table of leavers. */
function Ended({ one: { workflowId, person } }) {
  const path = person && withQuery('/api/leavers', { q: person.userId, limit: 50 });
  const { data } = useData(path, TOPICS);
  const leaver = data?.leavers.find((other) => other.workflowId === workflowId);
  if (!leaver) return null;
  return html`<section aria-labelledby="ended">
    <h2 id="ended">Access</h2>
    <dl class="numbers">
      <div><dt>Access ended</dt><dd><${AccessEnded} leaver=${leaver} /></dd></div>
      <div><dt>Limit</dt><dd><${Time} at=${leaver.limitAt} far=${false} /></dd></div>
      ${STEP_TITLES.map(
        ([name, title]) => html`<div key=${name}>
          <dt>${title}</dt>
          <dd><${StepStatus} step=${leaver.steps[name]} /></dd>
        </div>`,
      )}
    </dl>
  </section>`;
}

/** Access may come back in a system without anybody saying so here. */
function StillEnded({ id, onDone }) {
  const [state, setState] = useState({});
  if (!useCanChange()) return null;
  const check = async () => {
    setState({ isBusy: true });
    try {
      const { note } = await post(`/api/leavers/${encodeURIComponent(id)}/check`);
      setState({ note });
      onDone();
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<section aria-labelledby="still">
    <h2 id="still">Still ended?</h2>
    <p class="actions">
      <button type="button" onClick=${check} aria-disabled=${state.isBusy}>
        ${state.isBusy ? 'Reading the systems…' : 'Read the systems again'}
      </button>
      <span role="status">${state.note ?? ''}</span>
    </p>
    ${state.problem && html`<${Refusal} problem=${state.problem} />`}
  </section>`;
}

function Evidence({ id }) {
  const path = `/api/leavers/${encodeURIComponent(id)}`;
  return html`<section aria-labelledby="evidence">
    <h2 id="evidence">Evidence</h2>
    <p class="lead">
      What the event said and when it came; each system, what was found and what was changed, when, and by whom. It is
      complete once the account is deactivated.
    </p>
    <p class="actions">
      <a class="button" href=${`${path}/evidence.pdf`} download>Evidence, PDF</a>
      <a class="button" href=${`${path}/evidence.csv`} download>Evidence, CSV</a>
    </p>
  </section>`;
}
