import type { Server } from 'node:http';
import { SECOND } from '../../domain';
import type { Encryption } from '../../encryption';
import {
  createAccept,
  createDrain,
  createReadiness,
  createReceiver,
  createReplayGuard,
  createStarter,
  createStartSlots,
  namespaceRetentionGaps,
  openSpool,
  refusals,
  type Drain,
  type Observer,
  type OnEndedFromOutside,
  type Spool,
} from '../../receiver/receiver';
import type { CappedLog } from '../../telemetry';
import { withTimeout } from '../../with-timeout';
import type { ReceiverSettings, WatchedSecrets } from '../../settings';
import { createReceiverMetrics, type ReceiverMetrics } from './metrics';
import type { BackgroundConnection } from '../../temporal';
import { keepRefusals } from './refusals';

export interface ComposeOptions {
  readonly settings: ReceiverSettings;
  readonly temporal: BackgroundConnection;
  readonly log: CappedLog;
  readonly secrets: WatchedSecrets;
  /** What is wrong without stopping anything, a sentence each. */
  readonly warnings: () => readonly string[];
  /** At once. */
  readonly connections: number;
  /** The spool's directory was removed or replaced. */
  readonly onLost: () => void;
  /** Of the spool. */
  readonly encryption?: Encryption | undefined;
}

export interface ComposedReceiver {
  /** Not listening yet. */
  readonly server: Server;
  readonly spool: Spool | undefined;
  readonly drain: Drain | undefined;
  readonly metrics: ReceiverMetrics;
  /** Stop listening, answer what has begun, hand on what Temporal accepts, leave the rest on disk. */
  readonly close: () => Promise<void>;
}

/** How long a receiver that stops continues to hand its spool to Temporal. */
const DRAIN_LIMIT_MS = 5 * SECOND;

/** @throws Error when the spool's directory cannot be used. */
export async function composeReceiver(options: ComposeOptions): Promise<ComposedReceiver> {
  const { settings, temporal, log, secrets, warnings, connections, onLost, encryption } = options;
  const { companyId, timeZone, startTimeoutMs } = settings;
  const now = Date.now;
  const spool = settings.spool && (await openSpool({ ...settings.spool, now, log, onLost, encryption }));
  const slots = createStartSlots(settings.startConcurrency);
  const starter = createStarter(() => temporal.connected, endingsTo(log));
  const isAway = (): boolean => drain?.isBackedOff() ?? false;
  const metrics = createReceiverMetrics({
    refusals,
    secrets,
    warnings,
    spool: spool?.status,
    isTemporalReachable: () => temporal.client() !== undefined && !isAway(),
    now,
  });
  const drain =
    spool && createDrain({ spool, starter, slots, reading: { companyId, timeZone }, log, onStarted: metrics.started });
  const refused = keepRefusals({ settings, secrets, log, now, onFailed: () => metrics.ledgerFailed('refusals') });
  const receiver = createReceiver({
    settings,
    secrets: secrets.current,
    onVerified: metrics.verified,
    observe: both(metrics.observer, refused?.refused),
    accept: createAccept({
      starter,
      spool,
      isTemporalAway: isAway,
      onSpooled: () => drain?.wake(),
      slots,
      replayGuard: createReplayGuard(settings.replayLimit),
      startTimeoutMs,
      log,
    }),
    readiness: createReadiness({
      client: temporal.client,
      spool,
      retentionGaps: namespaceRetentionGaps(settings, temporal.namespace),
      warnings,
      now,
    }),
    log,
    now,
    limits: { connections },
  });
  const close = async (): Promise<void> => {
    await receiver.close();
    if (drain !== undefined) await withTimeout(drain.settled(), DRAIN_LIMIT_MS);
    await drain?.stop();
    await spool?.close();
    await refused?.close();
  };
  return { server: receiver.server, spool, drain, metrics, close };
}

function endingsTo(log: CappedLog): OnEndedFromOutside {
  const said =
    'an event came again whose workflow was ended from outside: it is a duplicate, and nothing is done for it';
  return (workflowId, { how, by }) => log.write('warn', 'ended-from-outside', { workflowId, how, by }, said);
}

function both({ answered, refused }: Observer, also: Observer['refused'] | undefined): Observer {
  if (also === undefined) return { answered, refused };
  return {
    answered,
    refused: (...given) => {
      refused(...given);
      also(...given);
    },
  };
}
