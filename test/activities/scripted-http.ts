import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** What a request meets instead of the system, or on its way back. */
export type Meeting =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** `cut`: nothing is done. `lost`: it is done, and the connection cut before the answer. */
  | 'cut'
  | 'lost'
  /** `hang`: no answer. `begin`: one that begins and does not end. */
  | 'hang'
  | 'begin'
  /** Done, and answered byte by byte. */
  | 'slow';

export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

/** A server in front of a real one, which it hands every request to, but for those that meet something. */
export interface ScriptedHttp {
  /** Without a path. */
  readonly origin: string;
  /** Undefined: the request is handed on. */
  meet: (seen: Seen) => Meeting | undefined;
  /** Every request, handed on or not. */
  readonly seen: Seen[];
  /** Resolves when a request has come that hangs. */
  readonly hanging: () => Promise<void>;
  /** Resolves when the caller has closed each connection that hangs. */
  readonly letGo: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** `before`: origin of the real one. `tls`: with a certificate that nobody trusts. */
export async function scriptHttp(before: string, { tls = false } = {}): Promise<ScriptedHttp> {
  const held: Promise<unknown>[] = [];
  const arrivals: (() => void)[] = [];
  const hang = (response: ServerResponse): void => {
    // Reset or closed, it is let go.
    held.push(new Promise((resolve) => (response.socket as Socket).once('close', resolve)));
    for (const arrived of arrivals.splice(0)) arrived();
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const seen = { method: request.method ?? '', path: request.url ?? '' };
    scripted.seen.push(seen);
    void play(scripted.meet(seen), { before, request, response, hang });
  };
  const server = (tls ? createTlsServer(selfSigned(), listener) : createServer(listener)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scripted: ScriptedHttp = {
    origin: `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    meet: () => undefined,
    seen: [],
    hanging: () => (held.length > 0 ? Promise.resolve() : new Promise((arrived) => arrivals.push(arrived))),
    letGo: async () => {
      await Promise.all(held.splice(0));
    },
    stop: () => close(server),
  };
  return scripted;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

interface Exchange {
  readonly before: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly hang: (response: ServerResponse) => void;
}

async function play(meeting: Meeting | undefined, { before, request, response, hang }: Exchange): Promise<void> {
  // Read whole first: what hangs or is cut is the answer.
  const body = await buffer(request);
  if (typeof meeting === 'object') {
    response.writeHead(meeting.status, meeting.headers).end(meeting.body);
  } else if (meeting === 'hang') {
    hang(response);
  } else if (meeting === 'begin') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"');
    hang(response);
  } else if (meeting === 'cut') {
    request.socket.destroy();
  } else {
    await handOn(before, request, body, response, meeting);
  }
}

/** Headers as they came, `Host` too: some systems sign it. */
async function handOn(
  before: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
  how: 'lost' | 'slow' | undefined,
): Promise<void> {
  const { method, url = '', headers } = request;
  // The body is here already.
  delete headers.expect;
  const onward = forward(`${before}${url}`, { method, headers }).end(body);
  const [answer] = (await once(onward, 'response')) as [IncomingMessage];
  const bytes = await buffer(answer);
  if (how === 'lost') {
    request.socket.destroy();
    return;
  }
  // Its length and encoding are as they were: the bytes are.
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  for (const byte of how === 'slow' ? bytes : []) {
    response.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  response.end(how === 'slow' ? undefined : bytes);
}

/** A key and a certificate for 127.0.0.1 that no authority has signed. */
export function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-nodes', '-keyout', key, '-out', cert, '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
