import { Writable } from 'node:stream';
import pino from 'pino';
import { connectInBackground, connectNow, runtimeLogger } from '../../src/temporal';
import { openTemporalProxy, silentLog, temporalAddress } from './fixture';

describe('connectNow', () => {
  test('connects to the address and namespace that the environment names', async () => {
    const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: 'default' };
    const { client, connection, namespace, close } = await connectNow({ log: silentLog, env });
    expect(namespace).toBe('default');
    expect(client.options.namespace).toBe('default');
    expect((await connection.workflowService.describeNamespace({ namespace })).namespaceInfo?.name).toBe('default');
    await close();
  });

  test('names the address when Temporal is away', async () => {
    const connecting = connectNow({ log: silentLog, env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    await expect(connecting).rejects.toThrow(
      'Temporal at 127.0.0.1:1 cannot be reached (TEMPORAL_ADDRESS): Connection refused',
    );
  });

  test('names what is wrong with the settings', async () => {
    const connecting = connectNow({ log: silentLog, env: { TEMPORAL_PROFILE: 'nope' } });
    await expect(connecting).rejects.toThrow(/^TEMPORAL_\*: .*nope/);
  });
});

describe('connectInBackground', () => {
  test('has a client as soon as Temporal is there, and none after close', async () => {
    const proxy = await openTemporalProxy('cut');
    const background = connectInBackground({ log: silentLog, env: { TEMPORAL_ADDRESS: proxy.address } });
    expect(background.client()).toBeUndefined();
    await proxy.set('open');
    expect(await background.connected).toBe(background.client());
    await background.close();
    expect(background.client()).toBeUndefined();
    await proxy.close();
  });

  test('stops trying when it is closed', async () => {
    const proxy = await openTemporalProxy('cut');
    const background = connectInBackground({ log: silentLog, env: { TEMPORAL_ADDRESS: proxy.address } });
    await background.close();
    await proxy.set('open');
    const { close } = await connectNow({ log: silentLog, env: { TEMPORAL_ADDRESS: proxy.address } });
    expect(background.client()).toBeUndefined();
    await close();
    await proxy.close();
  });
});

describe('runtimeLogger', () => {
  test('writes what the SDK says through our log, errors with their stack', () => {
    const lines: string[] = [];
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => done(void lines.push(chunk.toString())) });
    const logger = runtimeLogger(pino({ level: 'trace' }, sink));
    logger.log('WARN', 'a poller failed', { sdkComponent: 'core', [Symbol('at')]: 1n });
    logger.error('a task failed', { error: new Error('because') });
    logger.trace('a detail');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 40, msg: 'a poller failed', sdkComponent: 'core' },
      { level: 50, msg: 'a task failed', err: { message: 'because' } },
      { level: 10, msg: 'a detail' },
    ]);
  });
});
