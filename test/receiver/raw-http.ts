import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Conversation {
  readonly socket: Socket;
  readonly write: (bytes: string | Buffer) => void;
  /** The next whole answer; rejects when the connection ends before it. */
  readonly next: () => Promise<Answer>;
  /** What has come and is no whole answer. */
  readonly rest: () => string;
  /** Resolves once the connection is over. */
  readonly closed: Promise<void>;
}

/** A client that sends exactly the bytes that it is given. */
export function converse(port: number): Conversation {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  const answers: Answer[] = [];
  const waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }[] = [];
  let bytes = Buffer.alloc(0);
  let isOver = false;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let taken = take(bytes); taken !== undefined; taken = take(bytes)) {
      bytes = Buffer.from(taken.rest);
      const next = waiting.shift();
      if (next === undefined) answers.push(taken.answer);
      else next.resolve(taken.answer);
    }
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isOver = true;
      for (const { reject } of waiting) reject(new Error(`the connection ended after: ${bytes.toString()}`));
      resolve();
    });
  });
  const next = async (): Promise<Answer> => {
    const answer = answers.shift();
    if (answer !== undefined) return answer;
    if (isOver) throw new Error('the connection is over');
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  };
  return { socket, write: (text) => void socket.write(text), next, rest: () => bytes.toString(), closed };
}

function take(bytes: Buffer): { readonly answer: Answer; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()]),
  );
  const length = Number(headers['content-length'] ?? 0);
  const begin = end + 4;
  if (bytes.length < begin + length) return undefined;
  const text = bytes.subarray(begin, begin + length).toString();
  return { answer: { status: Number(line.split(' ')[1]), headers, text }, rest: bytes.subarray(begin + length) };
}

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** One request, headers as given, in their order, repeated ones too. */
export function requestBytes(headers: HeaderList, body: string | Buffer, line = 'POST /webhooks/mindtickle'): Buffer {
  const head = [`${line} HTTP/1.1`, 'Host: receiver', ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}
