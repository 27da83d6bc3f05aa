import { oneLine } from './names';
import type { Line, Readers } from './notification-form';
import { wordsOf } from './notification-words';
import type { Notification } from './notifications';

export type { Readers } from './notification-form';

export interface RenderedNotification {
  readonly subject: string;
  readonly text: string;
  /** The same words as `text`. */
  readonly html: string;
}

const MAX_SUBJECT_CHARACTERS = 200;

/** The notification as an e-mail. Each of our lines stays one line, whatever line ends the event's titles contain. */
export function renderNotification(notification: Notification, readers: Readers): RenderedNotification {
  const words = wordsOf(notification, readers);
  const lines = words.lines.map(clean);
  const subject = Array.from(oneLine(words.subject)).slice(0, MAX_SUBJECT_CHARACTERS).join('');
  return { subject, text: `${lines.map(toText).join('\n')}\n`, html: toHtml(subject, lines) };
}

function clean(line: Line): Line {
  return typeof line === 'string' ? oneLine(line) : { label: oneLine(line.label), url: oneLine(line.url) };
}

function toText(line: Line): string {
  return typeof line === 'string' ? line : `${line.label}: ${line.url}`;
}

const STYLE = 'font-family: sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em';

/** One small page. An empty line begins a paragraph. Every line is escaped; the page loads nothing. */
function toHtml(subject: string, lines: readonly Line[]): string {
  const paragraphs = lines
    .map(htmlOf)
    .join('\n')
    .split('\n\n')
    .map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>\n')}</p>`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${escape(subject)}</title></head>`,
    `<body style="${STYLE}">`,
    ...paragraphs,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function htmlOf(line: Line): string {
  if (typeof line === 'string') return escape(line);
  return `${escape(line.label)}: <a href="${escape(line.url)}">${escape(line.url)}</a>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
