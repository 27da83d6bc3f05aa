/** A table with a caption and headers; on a phone each row is a card. The roles keep it a table for screen readers there. */
import { html } from './html.js';

/**
 * @typedef {{ title: string, cell: (row: any) => any, kind?: 'number' | 'wide', isHeader?: boolean }} Column
 * @param {{ caption: any, columns: Column[], rows: any[], keyOf: (row: any) => string }} props
 */
export function Table({ caption, columns, rows, keyOf }) {
  return html`<div class="table" tabindex="0" role="group" aria-label="Table, may scroll sideways">
    <table role="table">
      <caption>
        ${caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map(
            ({ title, kind, head }) =>
              html`<th key=${title} role="columnheader" scope="col" class=${kind ?? ''}>${head ?? title}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map((row) => html`<${Row} key=${keyOf(row)} row=${row} columns=${columns} />`)}
      </tbody>
    </table>
  </div>`;
}

function Row({ row, columns }) {
  return html`<tr role="row">
    ${columns.map(({ title, cell, kind = '', isHeader }) => {
      const content = html`<div class="cell">${cell(row)}</div>`;
      return isHeader
        ? html`<th key=${title} role="rowheader" scope="row" class=${kind} data-title=${title}>${content}</th>`
        : html`<td key=${title} role="cell" class=${kind} data-title=${title}>${content}</td>`;
    })}
  </tr>`;
}
