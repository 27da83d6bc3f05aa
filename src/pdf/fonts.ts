import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { create, type Font } from 'fontkit';

/** A font file as pdfkit takes it: TrueType, with what it is known by. */
export interface Face {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A package of fonts: its files each hold a part of Unicode, which its `unicode.json` says. */
interface Family {
  readonly path: string;
  readonly name: string;
}

const family = (name: string): Family => ({ path: `@fontsource/${name}`, name });

const SCRIPTS = ['', '-arabic', '-hebrew', '-devanagari', '-thai'].map((script) => family(`noto-sans${script}`));
const KOREAN = family('gowun-dodum');
const CHINESE = family('chocolate-classical-sans');
/** All of JIS X 0208. */
const JAPANESE = family('kosugi');
/** Every character of the basic plane, one pixel beside the other: for what no other has. */
const LAST = family('unifontex');

/** Han characters differ by country; kana beside them tell. */
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;

export interface Faces {
  readonly hasKana: boolean;
  /** The first face that has all of these characters, else one that has the first of them, else one that says so. */
  readonly of: (cluster: string) => Face;
}

/** The faces that are open, by file: a document opens each once. */
export type OpenFaces = Map<string, Face & { readonly font: Font }>;

/** What renders a text. Only the files are read that it needs: most are some ten kilobytes, the last some megabytes. */
export function facesFor(text: string, opened: OpenFaces): Faces {
  const hasKana = KANA.test(text);
  const han = hasKana ? [JAPANESE, CHINESE] : [CHINESE, JAPANESE];
  const chain = [...SCRIPTS, KOREAN, ...han, LAST];

  function open(file: string): Face & { readonly font: Font } {
    const known = opened.get(file);
    if (known !== undefined) return known;
    const bytes = trueType(readFileSync(require.resolve(file)));
    const font = create(bytes);
    if (!('hasGlyphForCodePoint' in font)) throw new Error(`${file} is a collection of fonts`);
    const face = { name: file, bytes, font };
    opened.set(file, face);
    return face;
  }

  function find(characters: readonly number[]): Face | undefined {
    for (const { path, name } of chain) {
      const part = partWith(path, characters[0] ?? 0);
      if (part === undefined) continue;
      const face = open(`${path}/files/${name}-${part}-400-normal.woff`);
      if (characters.every((character) => face.font.hasGlyphForCodePoint(character))) return face;
    }
    return undefined;
  }

  return {
    hasKana,
    of: (cluster) => {
      const characters = Array.from(cluster, (character) => character.codePointAt(0) ?? 0);
      return (
        find(characters) ?? find(characters.slice(0, 1)) ?? open(`${LAST.path}/files/unifontex-latin-400-normal.woff`)
      );
    },
  };
}

type Part = readonly [name: string, ranges: readonly (readonly [from: number, to: number])[]];

const parts = new Map<string, readonly Part[]>();

/** The part of a family that has a character; it may still lack it. */
function partWith(path: string, character: number): string | undefined {
  const known = parts.get(path) ?? readParts(path);
  parts.set(path, known);
  return known.find(([, ranges]) => ranges.some(([from, to]) => character >= from && character <= to))?.[0];
}

function readParts(path: string): readonly Part[] {
  if (path === LAST.path) return [['latin', [[0, 0x10ffff]]]];
  const ranges = JSON.parse(readFileSync(require.resolve(`${path}/unicode.json`), 'utf8')) as Record<string, string>;
  return Object.entries(ranges).map(([name, list]) => [name.replace(/[[\]]/g, ''), list.split(',').map(rangeOf)]);
}

/** `U+0400-045f`, as CSS has it. */
function rangeOf(text: string): readonly [number, number] {
  const [from = '', to = from] = text.trim().slice('U+'.length).split('-');
  return [parseInt(from, 16), parseInt(to, 16)];
}

const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_ENTRY = 16;

/**
 * WOFF (W3C, WOFF 1.0 §4) is a TrueType font whose tables are deflated one by one. fontkit reads it too, but inflates in
 * JavaScript: seconds for the largest file.
 */
function trueType(woff: Buffer): Buffer {
  const count = woff.readUInt16BE(12);
  const directory = Buffer.alloc(12 + SFNT_ENTRY * count);
  woff.copy(directory, 0, 4, 8);
  directory.writeUInt16BE(count, 4);
  const power = Math.floor(Math.log2(count));
  directory.writeUInt16BE(16 << power, 6);
  directory.writeUInt16BE(power, 8);
  directory.writeUInt16BE(count * 16 - (16 << power), 10);
  const tables: Buffer[] = [directory];
  let offset = directory.length;
  for (let index = 0; index < count; index += 1) {
    const entry = woff.subarray(WOFF_HEADER + WOFF_ENTRY * index);
    const [at, packed, length] = [entry.readUInt32BE(4), entry.readUInt32BE(8), entry.readUInt32BE(12)];
    const stored = woff.subarray(at, at + packed);
    const table = packed < length ? inflateSync(stored) : stored;
    const target = 12 + SFNT_ENTRY * index;
    entry.copy(directory, target, 0, 4);
    entry.copy(directory, target + 4, 16, 20);
    directory.writeUInt32BE(offset, target + 8);
    directory.writeUInt32BE(length, target + 12);
    const padding = Buffer.alloc((4 - (length % 4)) % 4);
    tables.push(table, padding);
    offset += length + padding.length;
  }
  return Buffer.concat(tables);
}
