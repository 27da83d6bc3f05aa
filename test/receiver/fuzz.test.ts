import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { VerifiedDelivery } from '../../src/receiver/verify/delivery';
import { bytesOf, damage, damaged, request, signatureOf, type Request } from './fuzz-requests';
import { converse, type Answer } from './raw-http';
import { COMPANY, deliver, startReceiver, type Running } from './running';

/** None of them is 503: nothing that a stranger sends is a failure of ours. */
const PROBLEMS = [400, 401, 403, 404, 405, 408, 413, 415, 431];

const logged: string[] = [];
let receiver: Running;
beforeAll(async () => {
  receiver = await startReceiver({
    limits: { headersMs: 500, requestMs: 500, checkEveryMs: 20 },
    log: { write: (...line) => void logged.push(JSON.stringify(line)), flush: () => undefined },
  });
});
afterAll(() => receiver.close());

/** What every answer has been until the connection ends. Writes in two pieces. */
async function answersTo(bytes: Buffer, splitAt: number): Promise<Answer[]> {
  const { socket, write, next, rest, closed } = converse(receiver.port);
  const split = Math.floor(splitAt * bytes.length);
  write(bytes.subarray(0, split));
  await new Promise((resolve) => setImmediate(resolve));
  write(bytes.subarray(split));
  socket.end();
  await closed;
  expect(rest()).toBe('');
  const answers: Answer[] = [];
  for (let answer = await take(next); answer !== undefined; answer = await take(next)) answers.push(answer);
  return answers;
}

const take = (next: () => Promise<Answer>): Promise<Answer | undefined> => next().catch(() => undefined);

function expectKnown({ status, headers, text }: Answer): void {
  if (status === 100) return;
  if (status !== 200) {
    expect(PROBLEMS).toContain(status);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status });
    return;
  }
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(text)).toMatchObject(text.includes('workflowId') ? { received: true } : { ok: true });
}

/** Signed with our secret, within the window, over these very bytes; and nothing of another company. */
function expectAuthentic({ rawBody, delivery, contents }: VerifiedDelivery, requests: readonly Request[]): void {
  const signatures = requests
    .filter(({ signing, body }) => signing === 'right' && body.equals(rawBody))
    .map(({ body }) => signatureOf('right', body)[0]?.[1] ?? '');
  const digests = signatures.map((hex) => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex'));
  expect(digests).toContain(delivery.signatureDigest);
  expect(delivery.eventId).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  const { companyId = COMPANY } = contents.kind === 'event' ? (JSON.parse(rawBody.toString()) as Owned) : {};
  expect(companyId).toBe(COMPANY);
}

interface Owned {
  readonly companyId?: string;
}

const prototypes = [Object, Object.prototype, Array.prototype, Function.prototype];
const keysOfPrototypes = (): number[] => prototypes.map((each) => Reflect.ownKeys(each).length);

describe('any requests', () => {
  test('are answered in known ways, store nothing that is not signed, and change no prototype', async () => {
    const before = keysOfPrototypes();
    const statuses = new Set<number>();
    const some = fc.array(request, { minLength: 1, maxLength: 3 });
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(some, fc.array(damage, { maxLength: 2 }), unit, async (requests, damages, splitAt) => {
        receiver.received.length = 0;
        const bytes = damages.reduce(damaged, Buffer.concat(requests.map(bytesOf)));
        for (const answer of await answersTo(bytes, splitAt)) {
          expectKnown(answer);
          statuses.add(answer.status);
        }
        for (const each of receiver.received) expectAuthentic(each, requests);
        expect(keysOfPrototypes()).toEqual(before);
      }),
      { numRuns: 1000, seed: 1 },
    );
    // It would show nothing if it never came past the first check.
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 403, 404, 405, 413, 415, 431]));
    expect(logged.join('\n')).not.toMatch(/"failure"|mt-rita|whsec|[0-9a-f]{64}/);
    expect((await deliver(receiver.port)).status).toBe(200);
  });
});
