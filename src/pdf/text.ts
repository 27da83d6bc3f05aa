import bidiFactory from 'bidi-js';
import type PDFDocument from 'pdfkit';
import { facesFor, type Face, type OpenFaces } from './fonts';

type Document = InstanceType<typeof PDFDocument>;

export interface Box {
  /** The baseline of the first line, in points from the top. */
  readonly y: number;
  readonly size: number;
  /** Smaller letters, down to this, make a long text fit. */
  readonly leastSize: number;
  readonly height: number;
}

/** What is never torn apart: a character and what is set upon it. `level`: of the bidirectional algorithm (UAX #9). */
interface Cluster {
  readonly text: string;
  readonly face: Face;
  readonly level: number;
  /** At size 1. */
  readonly width: number;
}

const LINE_HEIGHT = 1.35;
const bidi = bidiFactory();

export type Line = readonly Cluster[];

/** Writes any script into a document; what it has read and measured serves the whole of it. */
export interface Typesetter {
  /** Lines of at most `width` points at this size; of an empty text none. */
  readonly lines: (text: string, at: { readonly width: number; readonly size: number }) => readonly Line[];
  /** `y` is the baseline. */
  readonly draw: (line: Line, at: { readonly x: number; readonly y: number; readonly size: number }) => void;
}

export function createTypesetter(document: Document): Typesetter {
  const measured: Measured = { opened: new Map(), clusters: new Map() };
  return {
    lines: (text, { width, size }) => wrapped(clustersOf(document, cleaned(text), measured), width / size),
    draw: (line, at) => {
      if (isPlain(line)) drawPlain(document, line, at);
      else drawRuns(document, visualRuns(document, line, at.size), at);
    },
  };
}

/** From left to right, in one face: as most lines of a table are. */
function isPlain(line: Line): boolean {
  return line.every(({ level, face }) => level === 0 && face.name === line[0]?.face.name);
}

/** pdfkit keeps the shape of each word that it has drawn, unless it is given features. */
function drawPlain(document: Document, line: Line, { x, y, size }: { x: number; y: number; size: number }): void {
  const text = line.map((cluster) => cluster.text).join('');
  if (text === '') return;
  const options = { lineBreak: false, baseline: 'alphabetic' } as const;
  document
    .font(line[0]?.face.name ?? '')
    .fontSize(size)
    .text(text, x, y, options);
}

/** Write centred lines, as many and as large as the box takes; any text makes some. Returns the last baseline. */
export function writeCentred(document: Document, text: string, box: Box): number {
  const clusters = clustersOf(document, cleaned(text), { opened: new Map(), clusters: new Map() });
  const margin = 60;
  const width = document.page.width - 2 * margin;
  let size = box.size;
  let lines = wrapped(clusters, width / size);
  while (lines.length * size * LINE_HEIGHT > box.height && size > box.leastSize) {
    size -= 1;
    lines = wrapped(clusters, width / size);
  }
  const most = Math.max(1, Math.floor(box.height / (size * LINE_HEIGHT)));
  lines.slice(0, most).forEach((line, index) => {
    drawCentred(document, line, { y: box.y + index * size * LINE_HEIGHT, size });
  });
  return box.y + (Math.min(lines.length, most) - 1) * size * LINE_HEIGHT;
}

/** What has no shape, or would turn the letters of others around, is left out; half a character becomes U+FFFD. */
function cleaned(text: string): string {
  return Buffer.from(text)
    .toString()
    .normalize('NFC')
    .replace(/(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

interface Measured {
  readonly opened: OpenFaces;
  /** By the text of a cluster, and whether there are kana in the text around it. */
  readonly clusters: Map<string, Omit<Cluster, 'level'>>;
}

function clustersOf(document: Document, text: string, { opened, clusters }: Measured): readonly Cluster[] {
  const { levels } = ASCII.test(text) ? { levels: [] } : bidi.getEmbeddingLevels(text);
  const faces = facesFor(text, opened);
  return [...text.matchAll(/\P{M}[\p{M}\u200c\u200d]*|\p{M}+/gu)].map(({ 0: cluster, index }) => {
    const key = `${faces.hasKana ? 'kana' : ''} ${cluster}`;
    const known = clusters.get(key) ?? measured(document, faces.of(cluster), cluster);
    clusters.set(key, known);
    return { ...known, level: levels[index] ?? 0 };
  });
}

const ASCII = /^[ -~]*$/;

function measured(document: Document, face: Face, cluster: string): Omit<Cluster, 'level'> {
  return { text: cluster, face, width: measure(document, face, cluster) };
}

function measure(document: Document, face: Face, cluster: string): number {
  document.registerFont(face.name, face.bytes);
  return document.font(face.name).fontSize(100).widthOfString(cluster, { features: [] }) / 100;
}

const HAN = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Lines of at most `width` (at size 1): broken after a space, before a Han character or kana, or where nothing else helps. */
function wrapped(clusters: readonly Cluster[], width: number): readonly (readonly Cluster[])[] {
  const lines: Cluster[][] = [[]];
  for (const word of wordsOf(clusters)) {
    const line = lines.at(-1) ?? [];
    if (widthOf([...line, ...word]) <= width) line.push(...word);
    else if (widthOf(word) <= width) lines.push([...word]);
    else for (const cluster of word) pushCluster(lines, cluster, width);
  }
  return lines.map(trimmed).filter((line) => line.length > 0);
}

function pushCluster(lines: Cluster[][], cluster: Cluster, width: number): void {
  const line = lines.at(-1) ?? [];
  if (widthOf([...line, cluster]) <= width) line.push(cluster);
  else lines.push([cluster]);
}

function wordsOf(clusters: readonly Cluster[]): readonly (readonly Cluster[])[] {
  const words: Cluster[][] = [];
  clusters.forEach((cluster, index) => {
    const isNew = index === 0 || clusters[index - 1]?.text === ' ' || HAN.test(cluster.text);
    if (isNew) words.push([cluster]);
    else words.at(-1)?.push(cluster);
  });
  return words;
}

function trimmed(line: readonly Cluster[]): readonly Cluster[] {
  return line.at(-1)?.text === ' ' ? line.slice(0, -1) : line;
}

function widthOf(line: readonly Cluster[]): number {
  return trimmed(line).reduce((sum, { width }) => sum + width, 0);
}

function drawCentred(document: Document, line: Line, { y, size }: { y: number; size: number }): void {
  const runs = visualRuns(document, line, size);
  const x = (document.page.width - runs.reduce((sum, { width }) => sum + width, 0)) / 2;
  drawRuns(document, runs, { x, y, size });
}

interface Run {
  readonly text: string;
  readonly face: string;
  readonly width: number;
}

/** Clusters of one face and level are shaped together: letters join, vowel signs move. */
function visualRuns(document: Document, line: Line, size: number): readonly Run[] {
  return inVisualOrder(runsOf(line)).map((run) => {
    const [text, face] = [asDrawn(run), run[0]?.face.name ?? ''];
    return { text, face, width: document.font(face).fontSize(size).widthOfString(text, { features: [] }) };
  });
}

function drawRuns(document: Document, runs: readonly Run[], at: { x: number; y: number; size: number }): void {
  let { x } = at;
  for (const { text, face, width } of runs) {
    document
      .font(face)
      .fontSize(at.size)
      .text(text, x, at.y, { lineBreak: false, baseline: 'alphabetic', features: [] });
    x += width;
  }
}

function runsOf(line: readonly Cluster[]): readonly (readonly Cluster[])[] {
  const runs: Cluster[][] = [];
  for (const cluster of line) {
    const last = runs.at(-1);
    const isSame = last?.[0]?.face.name === cluster.face.name && last[0].level === cluster.level;
    if (isSame) last.push(cluster);
    else runs.push([cluster]);
  }
  return runs;
}

/** UAX #9, rule L2: each run counts as one character. */
function inVisualOrder(runs: readonly (readonly Cluster[])[]): readonly (readonly Cluster[])[] {
  const levels = Uint8Array.from(runs, (run) => run[0]?.level ?? 0);
  const paragraphs = [{ start: 0, end: runs.length - 1, level: 0 }];
  const order = bidi.getReorderedIndices('x'.repeat(runs.length), { levels, paragraphs });
  return order.flatMap((index) => runs.slice(index, index + 1));
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** fontkit turns a run of a right-to-left script round by itself; brackets are mirrored, and what has no script turned, here. */
function asDrawn(run: readonly Cluster[]): string {
  const isTurned = (run[0]?.level ?? 0) % 2 === 1;
  if (!isTurned) return run.map(({ text }) => text).join('');
  const mirrored = run.map(({ text }) => bidi.getMirroredCharacter(text) ?? text);
  return run.some(({ text }) => RIGHT_TO_LEFT.test(text)) ? mirrored.join('') : mirrored.reverse().join('');
}
