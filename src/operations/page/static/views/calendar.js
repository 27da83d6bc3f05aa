/** The deadlines of one month. */
import { html } from '../parts/html.js';
import { withQuery } from '../parts/api.js';
import { Asked } from '../parts/asked.js';
import { caseHref } from '../parts/case.js';
import { useData } from '../parts/data.js';
import { usePlace } from '../parts/router.js';
import { plural } from '../parts/time.js';
import { RECERTIFICATIONS } from './recertifications.js';

const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric' });
const WEEKDAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const SHOWN_A_DAY = 4;

/** `2027-03`, or this month. */
function monthOf(text) {
  const [year, month] =
    /^(\d{4})-(\d{2})$/
      .exec(text ?? '')
      ?.slice(1)
      .map(Number) ?? [];
  const now = new Date();
  return month ? new Date(year, month - 1, 1) : new Date(now.getFullYear(), now.getMonth(), 1);
}

const moved = (month, by) => new Date(month.getFullYear(), month.getMonth() + by, 1);
const nameOf = (day) => `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}`;
const hrefOf = (month) => `/recertifications?view=calendar&month=${nameOf(month)}`;

export function Calendar() {
  const { query } = usePlace();
  const month = monthOf(query.get('month'));
  const path = withQuery('/api/workflows', {
    ...RECERTIFICATIONS,
    deadlineAfter: month.toISOString(),
    deadlineBefore: moved(month, 1).toISOString(),
    limit: 500,
  });
  const asked = useData(path, ['workflows']);
  return html`<div class="filters">
      <a class="button" href=${hrefOf(moved(month, -1))}>← <span class="unseen">Earlier: </span>${MONTH.format(moved(month, -1))}</a>
      <h2 aria-live="polite">${MONTH.format(month)}</h2>
      <a class="button" href=${hrefOf(moved(month, 1))}><span class="unseen">Later: </span>${MONTH.format(moved(month, 1))} →</a>
    </div>
    <${Asked} of=${asked} draw=${({ cases }) => html`<${Month} month=${month} cases=${cases} />`} />`;
}

function Month({ month, cases }) {
  const weeks = weeksOf(month);
  const byDay = Map.groupBy ? Map.groupBy(cases, dayOf) : groupBy(cases, dayOf);
  return html`<div class="month">
    <table role="table">
      <caption>${plural(cases.length, 'deadline')} in ${MONTH.format(month)}</caption>
      <thead role="rowgroup">
        <tr role="row">
          ${weeks[0].map((day) => html`<th key=${day} role="columnheader" scope="col" abbr=${WEEKDAY.format(day)}>${WEEKDAY.format(day).slice(0, 3)}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${weeks.map(
          (week) => html`<tr key=${week[0]} role="row">
            ${week.map((day) => html`<${Day} key=${day} ...${{ day, month, cases: byDay.get(day.toDateString()) ?? [] }} />`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

const dayOf = ({ deadline }) => new Date(deadline).toDateString();

function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

/** Weeks from Monday on, whole. */
function weeksOf(month) {
  const first = new Date(month);
  first.setDate(1 - ((month.getDay() + 6) % 7));
  const weeks = [];
  for (const day = first; day < moved(month, 1);) {
    const week = [];
    for (let index = 0; index < 7; index += 1) {
      week.push(new Date(day));
      day.setDate(day.getDate() + 1);
    }
    weeks.push(week);
  }
  return weeks;
}

function Day({ day, month, cases }) {
  const isToday = day.toDateString() === new Date().toDateString();
  const isOther = day.getMonth() !== month.getMonth();
  const shown = cases.slice(0, SHOWN_A_DAY);
  return html`<td role="cell" class=${`${isOther ? 'other' : ''} ${isToday ? 'today' : ''} ${cases.length === 0 ? 'free' : ''}`}>
    <p class="day">
      <span class="weekday">${WEEKDAY.format(day)} </span>${day.getDate()}${isToday && html`<span class="unseen">, today</span>`}
    </p>
    <ul>
      ${shown.map(
        (one) =>
          html`<li key=${one.workflowId}><a href=${caseHref(one)} title=${one.about}>${one.person?.name ?? one.workflowId}</a></li>`,
      )}
    </ul>
    ${cases.length > shown.length && html`<p class="under">and ${cases.length - shown.length} more</p>`}
  </td>`;
}
