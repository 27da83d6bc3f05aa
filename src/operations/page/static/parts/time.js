/** Times in the reader's zone; the exact time in UTC is their title. */
import { html, useEffect, useState } from './html.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `14 Mar`: the same in every English, unlike `3/14` or `14/3`. */
const LOCALE = 'en-GB';
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const number = new Intl.NumberFormat('en');

export const zone = () => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat(LOCALE, { timeZoneName: 'shortOffset' }).formatToParts();
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return timeZone === offset || offset === 'GMT' ? timeZone : `${timeZone}, ${offset}`;
};

export const formatNumber = (value) => number.format(value);
export const plural = (count, one, many = `${one}s`) => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** `09:41`, `14 Mar, 09:41`, `14 Mar 2027, 09:41`: as much as is needed. */
export function formatTime(iso, now = Date.now()) {
  const at = new Date(iso);
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return clock.format(at);
  return `${formatDay(iso, now)}, ${clock.format(at)}`;
}

export function formatDay(iso, now = Date.now()) {
  const at = new Date(iso);
  return (at.getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(at);
}

/** `in 3 days`, `2 hours ago`. */
export function formatRelative(iso, now = Date.now()) {
  const ms = Date.parse(iso) - now;
  const size = Math.abs(ms);
  if (size < MINUTE) return ms > 0 ? 'in less than a minute' : 'just now';
  if (size < HOUR) return relative.format(Math.trunc(ms / MINUTE), 'minute');
  if (size < DAY) return relative.format(Math.trunc(ms / HOUR), 'hour');
  if (size < 60 * DAY) return relative.format(Math.trunc(ms / DAY), 'day');
  return relative.format(Math.trunc(ms / (30.44 * DAY)), 'month');
}

/** `1 h 5 min`, `12 min`, `40 s`. */
export function formatDuration(ms) {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** The time now, again and again. */
export function useNow(everyMs) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const utc = (iso) => `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A moment: `14 Mar, 09:41`, and how far away it is. `beside`: a time next to it, whose day need not be said again. */
export function Time({ at, far = true, beside }) {
  const now = useNow(20 * SECOND);
  if (!at || Number.isNaN(Date.parse(at))) return html`<span class="faint">–</span>`;
  const text = formatTime(at, beside ? Date.parse(beside) : now);
  return html`<time dateTime=${at} title=${utc(at)}>${text}${far && html` <span class="far">${formatRelative(at, now)}</span>`}</time>`;
}

/** How long until a limit, running; after it, how long it is over. */
export function Countdown({ limitAt }) {
  const now = useNow(SECOND);
  const left = Date.parse(limitAt) - now;
  const isOver = left < 0;
  const size = Math.abs(left);
  const text = size < HOUR ? minutesAndSeconds(size) : formatDuration(size);
  return html`<span class=${`clock ${isOver ? 'bad' : left < 15 * MINUTE ? 'warn' : ''}`} role="timer" title=${utc(limitAt)}>
    ${text} ${isOver ? 'over the limit' : 'left'}
  </span>`;
}

function minutesAndSeconds(ms) {
  const seconds = Math.floor(ms / SECOND);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
