/** Headings, facts and tables that flow over pages. */
import type PDFDocument from 'pdfkit';
import { createTypesetter, type Typesetter } from '../../pdf';

export const MARGIN = 36;
const FOOTER = 24;
const SIZE = 8;
const LEADING = 1.35;
const PADDING = 3;

export interface Column {
  readonly title: string;
  /** Of the page's width, all together 1. */
  readonly width: number;
}

export interface Page {
  readonly title: (text: string) => void;
  readonly heading: (text: string) => void;
  readonly text: (text: string) => void;
  /** Names and values, one a line. */
  readonly facts: (facts: readonly (readonly [name: string, value: string])[]) => void;
  /** Its header comes again on each page. */
  readonly table: (columns: readonly Column[], rows: readonly (readonly string[])[]) => void;
  readonly newPage: () => void;
  /** Written on every page, once all are there. */
  readonly footers: (textOf: (number: number, count: number) => string) => void;
}

type Lines = ReturnType<Typesetter['lines']>;

/** Where the next thing is written. */
interface Place {
  readonly document: InstanceType<typeof PDFDocument>;
  readonly typesetter: Typesetter;
  readonly width: number;
  readonly bottom: number;
  y: number;
}

export function createPage(document: InstanceType<typeof PDFDocument>): Page {
  const place: Place = {
    document,
    typesetter: createTypesetter(document),
    width: document.page.width - 2 * MARGIN,
    bottom: document.page.height - MARGIN - FOOTER,
    y: MARGIN,
  };
  return {
    title: (text) => write(place, text, 18),
    heading: (text) => {
      reserve(place, 60);
      place.y += 8;
      write(place, text, 11);
      place.y += 3;
    },
    text: (text) => write(place, text, SIZE + 1),
    facts: (facts) => {
      place.y += 4;
      for (const fact of facts) writeFact(place, fact);
      place.y += 6;
    },
    table: (columns, rows) => writeTable(place, columns, rows),
    newPage: () => newPage(place),
    footers: (textOf) => writeFooters(place, textOf),
  };
}

function newPage(place: Place): void {
  place.document.addPage();
  place.y = MARGIN;
}

/** A place so high: on this page or on the next. */
function reserve(place: Place, height: number): void {
  if (place.y + height > place.bottom && place.y > MARGIN) newPage(place);
}

function draw({ typesetter }: Place, lines: Lines, at: { x: number; top: number; size: number }): void {
  const { x, top, size } = at;
  lines.forEach((line, index) => typesetter.draw(line, { x, y: top + size * (1 + index * LEADING), size }));
}

function write(place: Place, text: string, size: number): void {
  for (const line of place.typesetter.lines(text, { width: place.width, size })) {
    reserve(place, size * LEADING);
    draw(place, [line], { x: MARGIN, top: place.y, size });
    place.y += size * LEADING;
  }
}

const NAME_WIDTH = 130;

function writeFact(place: Place, [name, value]: readonly [name: string, value: string]): void {
  const size = SIZE + 1;
  const lines = place.typesetter.lines(value, { width: place.width - NAME_WIDTH, size });
  const height = Math.max(1, lines.length) * size * LEADING;
  reserve(place, height);
  draw(place, place.typesetter.lines(name, { width: NAME_WIDTH - 5, size }), { x: MARGIN, top: place.y, size });
  draw(place, lines, { x: MARGIN + NAME_WIDTH, top: place.y, size });
  place.y += height;
}

function writeTable(place: Place, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const titles = columns.map(({ title }) => title);
  const header = cellsOf(place, columns, titles);
  const begin = (): void => drawRow(place, columns, header, '#dddddd');
  const mostLines = Math.floor((place.bottom - MARGIN - 40) / (SIZE * LEADING));
  reserve(place, heightOf(header) * 3);
  begin();
  for (const row of rows) {
    for (const part of partsOf(cellsOf(place, columns, row), mostLines)) {
      if (place.y + heightOf(part) > place.bottom) {
        newPage(place);
        begin();
      }
      drawRow(place, columns, part);
    }
  }
  place.y += 6;
}

function cellsOf({ typesetter, width }: Place, columns: readonly Column[], row: readonly string[]): readonly Lines[] {
  return columns.map((column, index) =>
    typesetter.lines(row[index] ?? '', { width: column.width * width - 2 * PADDING, size: SIZE }),
  );
}

/** A cell that is longer than a page goes on in the next row. */
function partsOf(cells: readonly Lines[], mostLines: number): readonly (readonly Lines[])[] {
  const count = Math.max(1, Math.ceil(Math.max(...cells.map((lines) => lines.length)) / mostLines));
  return Array.from({ length: count }, (_, index) =>
    cells.map((lines) => lines.slice(index * mostLines, (index + 1) * mostLines)),
  );
}

function heightOf(cells: readonly Lines[]): number {
  return Math.max(1, ...cells.map((lines) => lines.length)) * SIZE * LEADING + 2 * PADDING;
}

function drawRow(place: Place, columns: readonly Column[], cells: readonly Lines[], fill?: string): void {
  const { document, width, y: top } = place;
  const height = heightOf(cells);
  if (fill !== undefined) document.rect(MARGIN, top, width, height).fill(fill);
  document.fillColor('black');
  let x = MARGIN;
  for (const [index, column] of columns.entries()) {
    draw(place, cells[index] ?? [], { x: x + PADDING, top: top + PADDING, size: SIZE });
    x += column.width * width;
  }
  place.y += height;
  document
    .moveTo(MARGIN, place.y)
    .lineTo(MARGIN + width, place.y)
    .lineWidth(0.3)
    .stroke('#999999');
}

function writeFooters(place: Place, textOf: (number: number, count: number) => string): void {
  const { document, typesetter, width } = place;
  const { start, count } = document.bufferedPageRange();
  for (let index = 0; index < count; index += 1) {
    document.switchToPage(start + index);
    // Below the margin pdfkit would begin another page.
    document.page.margins.bottom = 0;
    const top = document.page.height - MARGIN;
    draw(place, typesetter.lines(textOf(index + 1, count), { width, size: 7 }), { x: MARGIN, top, size: 7 });
  }
}
