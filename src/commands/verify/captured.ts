/** A delivery as somebody wrote it down. */
export interface Captured {
  /** Values by name in lower case, in their order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Undefined when none was written down: `curl -v` shows none. */
  readonly body: Buffer | undefined;
  /** What is odd about the capture itself. */
  readonly notes: readonly string[];
}

/** Read a raw HTTP request, headers with a body after a blank line, or what `curl -v` printed. Line ends are CR LF or LF. */
export function readCaptured(bytes: Buffer): Captured {
  // One character a byte, so that the body's place in the text is its place in the bytes.
  const text = bytes.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  if (/^> [A-Z]+ \S+ HTTP\//m.test(text.slice(0, end?.index)))
    return { headers: headersOf(linesOfCurl(text)), body: undefined, notes: [] };
  const headers = headersOf((end === null ? text : text.slice(0, end.index)).split(/\r?\n/));
  if (end === null) return { headers, body: undefined, notes: [] };
  return { headers, ...bodyOf(bytes.subarray(end.index + end[0].length), headers) };
}

/** The last request, where one connection had several. */
function linesOfCurl(text: string): readonly string[] {
  const sent = text.split(/\r?\n/).filter((line) => line.startsWith('>'));
  const lines = sent.map((line) => line.slice(1).trim());
  const blank = lines.lastIndexOf('', -2);
  return lines.slice(blank + 1);
}

function headersOf(lines: readonly string[]): Captured['headers'] {
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    // RFC 9110 §5.6.2: a request line has a space before its first colon, and is no header so.
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return headers;
}

function bodyOf(rest: Buffer, headers: Captured['headers']): Pick<Captured, 'body' | 'notes'> {
  if (headers.get('transfer-encoding')?.at(-1)?.toLowerCase() === 'chunked') {
    const body = unchunked(rest);
    return body === undefined ? { body: rest, notes: [NO_CHUNKS] } : { body, notes: [] };
  }
  const declared = Number(headers.get('content-length')?.[0] ?? rest.length);
  if (!Number.isSafeInteger(declared) || declared === rest.length) return { body: rest, notes: [] };
  const differs = `Content-Length says ${declared} bytes, and ${rest.length} were written down`;
  // An editor adds a line feed; a capture of a connection goes on with the next request.
  if (declared < rest.length) return { body: rest.subarray(0, declared), notes: [`${differs}: the rest is left out`] };
  return { body: rest, notes: [`${differs}: the capture is not complete, or its line ends were changed`] };
}

const NO_CHUNKS =
  'Transfer-Encoding says chunked, and the body has no chunks: taken as the capturing tool put it together';

/** The content of RFC 9112 §7.1 chunks; undefined when they are none. */
function unchunked(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\n', at);
    const size = /^[ \t]*([0-9a-f]{1,7})[ \t]*(;.*)?\r?$/i.exec(bytes.toString('latin1', at, Math.max(at, end)))?.[1];
    if (end < 0 || size === undefined) return undefined;
    const length = parseInt(size, 16);
    if (length === 0) return Buffer.concat(chunks);
    if (end + 1 + length > bytes.length) return undefined;
    chunks.push(bytes.subarray(end + 1, end + 1 + length));
    at = bytes.indexOf('\n', end + 1 + length) + 1;
    if (at === 0) return undefined;
  }
}
