/** How a case is named and linked, the same in every view. */
import { html } from './html.js';
import { useStore } from './emitter.js';
import { me } from './api.js';

const KINDS = {
  courseCompletion: 'Course',
  quizCoaching: 'Coaching',
  onboarding: 'New hire',
  offboarding: 'Leaver',
  moduleProgress: 'Progress',
  recertification: 'Recertification',
  quarantine: 'Quarantine',
  housekeeping: 'Housekeeping',
};

/** The kind of case, in the words of the menu. */
export const kindOf = ({ workflowType }) => KINDS[workflowType] ?? workflowType;

export function caseHref({ workflowType, workflowId }) {
  const id = encodeURIComponent(workflowId);
  if (workflowType === 'offboarding') return `/leavers/${id}`;
  return workflowType === 'quarantine' ? `/quarantine/${id}` : `/cases/${id}`;
}

/** What happened; what happens by itself is shown beside it, in the zone of the reader. */
export const happened = ({ sentence, next }) => (next ? sentence.split(/ By itself, /)[0] : sentence);

export function PersonLink({ person }) {
  if (!person) return html`<span class="faint">nobody known</span>`;
  return html`<a href=${`/learners/${encodeURIComponent(person.userId)}`}>${person.name}</a>
    ${person.isActive === false && html` <span class="tag">left</span>`}`;
}

/** To the same case in Temporal Web UI, for engineers. */
export function WebUiLink({ of: { webUi, workflowId } }) {
  useStore(me);
  return (
    webUi &&
    html`<a class="webui" href=${webUi} target="_blank" rel="noreferrer" aria-label=${`${workflowId} in Temporal Web UI`}
      >Temporal ↗</a
    >`
  );
}

const NEEDS = {
  person: ['needs a person', 'warn'],
  time: ['waits for a date', ''],
  system: ['waits for a system', 'warn'],
};

/** Where it is: who or what must act, or how it ended. */
export function Status({ of: { status, phase, needs, outcome } }) {
  if (status && status !== 'running') return html`<span class="tag">${outcome ?? status}</span>`;
  const [text, tone] = NEEDS[needs] ?? [phase ?? 'running', ''];
  return html`<span class=${`tag ${tone}`}>${text}</span>`;
}
