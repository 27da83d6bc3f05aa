import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { createStarter } from '../../src/receiver/accept';
import { startTracing } from '../../src/telemetry';
import type { Connected } from '../../src/temporal';
import { startWorker } from '../e2e/worker';
import { WORKFLOWS } from '../histories/bundle';
import { fileOf, recordedHistories } from '../histories/files';
import { replay } from '../histories/replay';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { COURSE, send, signedHeaders, startReceiver } from '../receiver/running';
import { openNamespace } from '../temporal/fixture';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

/** A collector in memory, as OTLP over HTTP has it. */
const spans: Span[] = [];
const sent: string[] = [];
let collector: Server;
let place: string;
let bundle: string;
beforeAll(async () => {
  collector = createServer((request, response) => {
    void json(request).then((body) => {
      sent.push(JSON.stringify(body));
      const { resourceSpans } = body as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
      response.end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  place = mkdtempSync(join(tmpdir(), 'traces-'));
  bundle = join(place, 'bundle.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    workflowInterceptorModules: [join(WORKFLOWS, 'trace-headers')],
    logger: new DefaultLogger('ERROR'),
  });
  writeFileSync(bundle, code);
});
afterAll(() => {
  collector.close();
  rmSync(place, { recursive: true });
});

const endpoint = (): string => `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let tracing: ReturnType<typeof startTracing>;
  let temporal: Connected;
  let ledger: LedgerFixture;
  let stopWorker: () => Promise<void>;
  beforeAll(async () => {
    tracing = startTracing('test', endpoint());
    [ledger, temporal] = await Promise.all([openLedger(), openNamespace({}, tracing.clientInterceptors)]);
    stopWorker = await startWorker({
      ...temporal,
      ledger: ledger.settings,
      archive: pathToFileURL(join(place, 'archive')).href,
      reread: () => ({ refused: 'nothing is read here' }),
      bundle,
      interceptors: tracing.activityInterceptors,
    });
  });
  afterAll(async () => {
    await stopWorker();
    await Promise.all([temporal.close(), ledger.stop()]);
  });

  test('one trace leads from a delivery to the call that it causes, and names nobody', async () => {
    const starter = createStarter(() => Promise.resolve(temporal.client));
    const receiver = await startReceiver({ now: Date.now, accept: (each) => starter.start(each, 20_000) });
    const data = { ...COURSE, email: 'xiomara@planted.example', completedAt: new Date().toISOString() };
    const body = JSON.stringify({ event: 'course.completed', companyId: 'acme', data });
    const headers = signedHeaders({ body, timestamp: String(Math.floor(Date.now() / 1000)) });
    expect(await send(receiver.port, headers, body)).toMatchObject({ status: 200 });
    await receiver.close();
    await temporal.client.workflow.getHandle('evt-1').result();
    await tracing.close();

    const path: string[] = [];
    for (let span = spans.find(({ name }) => name === 'archive WRITE'); span !== undefined;) {
      path.unshift(span.name);
      const { parentSpanId, traceId } = span;
      span = spans.find((each) => each.spanId === parentSpanId && each.traceId === traceId);
    }
    expect(path).toEqual([
      'delivery',
      'StartWorkflow:courseCompletion',
      'RunActivity:storeCertificate',
      'archive WRITE',
    ]);
    expect(sent.join()).not.toMatch(/xiomara|Sales Basics|whsec_test/);
  });
});

describe('without it', () => {
  test('nothing is traced', () => expect(startTracing('test', undefined).isOn).toBe(false));
});

describe('the trace in the headers of a workflow', () => {
  /** The longest of each workflow: a command in another place would not replay. */
  const bySize = recordedHistories()
    .map((each) => ({ ...each, size: statSync(fileOf(each)).size }))
    .sort((one, other) => one.size - other.size);
  const longest = new Map(bySize.map((each) => [each.workflow, each]));

  test.each([...longest.values()])('changes no command of $workflow', async (recorded) => {
    await expect(replay({ codePath: bundle }, recorded)).resolves.toBeUndefined();
  });
});
