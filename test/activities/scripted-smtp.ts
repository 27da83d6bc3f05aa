import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { selfSigned } from './scripted-http';

/** Where a conversation is: at the greeting, at a command, or after the message's last line. */
export type Stage = 'greeting' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'message';

/** What stands instead of the usual reply. `lost`: as usual, but the connection is cut before the reply. */
export type Meeting = { readonly reply: string } | 'cut' | 'lost' | 'hang';

/** A mail server (RFC 5321) of a few lines that keeps what it accepts, and misbehaves at one stage. */
export interface ScriptedSmtp {
  readonly host: string;
  meet: (stage: Stage) => Meeting | undefined;
  /** What it says that it can do, beside nothing. */
  extensions: readonly string[];
  /** Message-IDs of what was accepted, in order; one that came twice stands there twice. */
  readonly accepted: string[];
  /** The same whole, lines ended by `\n`. */
  readonly messages: string[];
  /** Every stage that any conversation came to. */
  readonly stages: Stage[];
  readonly hanging: () => Promise<void>;
  /** Resolves when the caller has closed each connection that hangs. */
  readonly letGo: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function scriptSmtp(): Promise<ScriptedSmtp> {
  const sockets = new Set<Socket>();
  const held: Promise<unknown>[] = [];
  const arrivals: (() => void)[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const hang = (): void => {
      held.push(once(socket, 'close'));
      for (const arrived of arrivals.splice(0)) arrived();
    };
    converse(scripted, socket, hang);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scripted: ScriptedSmtp = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    meet: () => undefined,
    extensions: ['AUTH PLAIN LOGIN'],
    accepted: [],
    messages: [],
    stages: [],
    hanging: () => (held.length > 0 ? Promise.resolve() : new Promise((arrived) => arrivals.push(arrived))),
    letGo: async () => {
      await Promise.all(held);
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return scripted;
}

const USUAL: Readonly<Record<Stage, string>> = {
  greeting: '220 mail.example.com ready',
  EHLO: '250 mail.example.com',
  STARTTLS: '220 go on',
  AUTH: '235 you are known',
  MAIL: '250 from there',
  RCPT: '250 to there',
  DATA: '354 go on',
  message: '250 kept',
};

function converse(scripted: ScriptedSmtp, plain: Socket, hang: () => void): void {
  let socket = plain;
  let message: string | undefined;
  let waiting = '';

  const says = (stage: Stage): string =>
    stage === 'EHLO'
      ? [...scripted.extensions.map((name) => `250-${name}`), USUAL.EHLO].join('\r\n').replace(/^/, '250-hello\r\n')
      : USUAL[stage];

  /** True when the conversation goes on as usual. */
  const reach = (stage: Stage): boolean => {
    scripted.stages.push(stage);
    const meeting = scripted.meet(stage);
    if (stage === 'message' && (meeting === undefined || meeting === 'lost')) keep(scripted, message ?? '');
    if (meeting === 'hang') hang();
    else if (meeting === 'cut' || meeting === 'lost') plain.destroy();
    else socket.write(`${meeting?.reply ?? says(stage)}\r\n`);
    return meeting === undefined;
  };

  const take = (line: string): void => {
    if (message !== undefined) {
      if (line !== '.') message += `${line}\n`;
      else {
        reach('message');
        message = undefined;
      }
      return;
    }
    const command = (line.split(/[ :]/)[0] ?? '').toUpperCase();
    if (command === 'QUIT') socket.end('221 bye\r\n');
    else if (command in USUAL) {
      const goesOn = reach(command as Stage);
      if (goesOn && command === 'DATA') message = '';
      if (goesOn && command === 'STARTTLS') secure();
    } else socket.write('502 what?\r\n');
  };

  const listen = (): void => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      waiting += chunk.toString();
      for (let end = waiting.indexOf('\r\n'); end >= 0; end = waiting.indexOf('\r\n')) {
        const line = waiting.slice(0, end);
        waiting = waiting.slice(end + 2);
        take(line);
      }
    });
  };

  const secure = (): void => {
    plain.removeAllListeners('data');
    socket = new TLSSocket(plain, { isServer: true, ...selfSigned() });
    listen();
  };

  listen();
  reach('greeting');
}

function keep(scripted: ScriptedSmtp, message: string): void {
  scripted.messages.push(message);
  scripted.accepted.push(/^message-id: (.*)$/im.exec(message)?.[1] ?? 'none');
}
