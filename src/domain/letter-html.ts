const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const STYLE = 'font-family: sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em';

/**
 * The lines of a letter as one small page: what a mail program shows instead of the text, with the same words. An empty
 * line begins a paragraph. Every line is escaped; nothing is loaded from anywhere, and nothing is a link.
 */
export function toHtml(subject: string, lines: readonly string[]): string {
  const paragraphs = lines
    .join('\n')
    .split('\n\n')
    .map((paragraph) => `<p>${escape(paragraph).replaceAll('\n', '<br>\n')}</p>`);
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

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
