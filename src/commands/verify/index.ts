import { readFileSync } from 'node:fs';
import {
  linesOf,
  parseVariable,
  readConfigFile,
  readVariables,
  SettingsError,
  valueOf,
  withDotEnv,
  type ConfigFile,
  type Environment,
} from '../../settings';
import {
  diagnose,
  type Diagnosable,
  type Diagnosis,
  type DiagnosisConfig,
  parseTimestamp,
  refusals,
} from '../../receiver';
import { dataDirOf, readDevJson, type StackInfo } from '../../dev/data-dir';
import { readCaptured, type Captured } from './captured';

export interface VerifyOptions {
  /** Path of the body; `-` is standard input. */
  readonly file?: string;
  /** Path of a captured request; `-` is standard input. */
  readonly request?: string;
  readonly signature?: string;
  readonly timestamp?: string;
  readonly eventId?: string;
  /** As MINDTICKLE_WEBHOOK_SECRET has it: several, comma-separated. */
  readonly secret?: string;
  readonly secretFile?: string;
  readonly company?: string;
  /** ISO 8601 or Unix time: when it came. */
  readonly now?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/**
 * `mt verify`: why a captured delivery does or does not verify, by the receiver's own checks. What is not given as an
 * option is not judged: an event id, and a company that no setting names.
 * @returns 0 when it verifies, else 1.
 * @throws SettingsError when nothing names the secret or the body, or an option cannot be read.
 */
export function runVerify(options: VerifyOptions): number {
  const env = withDotEnv(process.env);
  const running = readDevJson(options.dataDir ?? dataDirOf(env));
  const { delivery: contract } = readConfigFile(valueOf(env, 'MINDTICKLE_CONFIG'));
  const now = options.now === undefined ? Date.now() : momentOf(options.now);
  const { delivery, notes } = deliveryOf(options, contract);
  const company = options.company ?? valueOf(env, 'MINDTICKLE_COMPANY_ID') ?? running?.companyId;
  const config: DiagnosisConfig = {
    secrets: secretsOf(options, env, running),
    companyId: company ?? companyIn(delivery.rawBody),
    window: { backMs: contract.windowBackSeconds * 1000, aheadMs: contract.windowAheadSeconds * 1000 },
  };
  const unjudged = company === undefined ? ['the company is not checked: no --company, and no setting names it'] : [];
  const report = { diagnosis: diagnose(delivery, config, now), config, now, notes: [...notes, ...unjudged] };
  console.log(options.json === true ? JSON.stringify(documentOf(report)) : describe(report));
  return report.diagnosis.verifies ? 0 : 1;
}

interface CapturedDelivery {
  readonly delivery: Diagnosable;
  readonly notes: readonly string[];
}

/** Options win over what the captured request has. */
function deliveryOf(options: VerifyOptions, contract: ConfigFile['delivery']): CapturedDelivery {
  const { file, request } = options;
  if (file === '-' && request === '-') throw new SettingsError(['--file and --request: only one can be `-`']);
  const captured = request === undefined ? undefined : readCaptured(contentOf('--request', request));
  const header = (name: string): string | undefined => captured?.headers.get(name)?.join(', ');
  const delivery = {
    signature: options.signature ?? header(contract.signatureHeader),
    timestamp: options.timestamp ?? header(contract.timestampHeader),
    eventId: options.eventId ?? (captured === undefined ? UNJUDGED_ID : header(contract.eventIdHeader)),
    contentEncoding: header('content-encoding'),
    rawBody: file === undefined ? bodyIn(captured) : contentOf('--file', file),
  };
  return { delivery, notes: notesOn(options, delivery, captured, contract) };
}

function bodyIn(captured: Captured | undefined): Buffer {
  if (captured?.body !== undefined) return captured.body;
  throw new SettingsError([captured === undefined ? NO_BODY : NO_CAPTURED_BODY]);
}

function notesOn(
  { file, eventId }: VerifyOptions,
  delivery: Diagnosable,
  captured: Captured | undefined,
  contract: ConfigFile['delivery'],
): readonly string[] {
  if (captured === undefined) return eventId === undefined ? [NO_EVENT_ID] : [];
  const like = (word: string, name: string, value: string | undefined): readonly string[] =>
    value === undefined ? lookalikes(captured, word, name) : [];
  return [
    ...(file === undefined ? captured.notes : []),
    ...like('signature', contract.signatureHeader, delivery.signature),
    ...like('timestamp', contract.timestampHeader, delivery.timestamp),
    ...like('event', contract.eventIdHeader, delivery.eventId),
  ];
}

/** Names, never values, of headers that may be the absent one under another name: `X_MT_WEBHOOK_SIGNATURE`. */
function lookalikes({ headers }: Captured, word: string, name: string): readonly string[] {
  const like = [...headers.keys()].filter((each) => each.includes(word));
  return like.length === 0 ? [] : [`${name} is absent; of a like name: ${like.join(', ')}`];
}

const NO_BODY = '--file or --request: missing, so there is no body to verify';
const NO_CAPTURED_BODY = '--file: missing, and the captured request has no body (`curl -v` shows none)';
const NO_EVENT_ID = 'the event id is not checked: no --event-id';
const UNJUDGED_ID = 'not-given';

function contentOf(option: string, path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch {
    throw new SettingsError([`${option}: the file cannot be read`]);
  }
}

function momentOf(text: string): number {
  const at = parseTimestamp(text);
  if (at === undefined) throw new SettingsError(['--now: not ISO 8601 with a time, Unix seconds or Unix milliseconds']);
  return at;
}

/** Read as the receiver reads its setting, so that what is wrong there is wrong here. */
function secretsOf(options: VerifyOptions, env: Environment, running: StackInfo | undefined): readonly string[] {
  const name = 'MINDTICKLE_WEBHOOK_SECRET';
  const { secret, secretFile } = options;
  if (secret !== undefined && secretFile !== undefined)
    throw new SettingsError(['--secret and --secret-file: only one of them']);
  if (secretFile !== undefined)
    return parseVariable(name, linesOf(name, contentOf('--secret-file', secretFile).toString('utf8')));
  if (secret !== undefined) return parseVariable(name, secret);
  if (valueOf(env, name) !== undefined) return readVariables(env, [name])[name];
  if (running !== undefined) return [running.webhookSecret];
  throw new SettingsError([`${name}: missing, --secret-file is not given, and no mt dev runs on this data directory`]);
}

function companyIn(rawBody: Buffer): string {
  try {
    const { companyId } = JSON.parse(rawBody.toString('utf8')) as { readonly companyId?: unknown };
    return typeof companyId === 'string' ? companyId : '';
  } catch {
    return '';
  }
}

interface VerifyReport {
  readonly diagnosis: Diagnosis;
  readonly config: DiagnosisConfig;
  readonly now: number;
  readonly notes: readonly string[];
}

function documentOf({ diagnosis, config, now, notes }: VerifyReport): object {
  const { skewSeconds, signatureLength, timestampLength, bodyLength } = diagnosis;
  return {
    verifies: diagnosis.verifies,
    ...(diagnosis.verifies
      ? { rule: null, status: 200, cause: null, advice: null, secret: diagnosis.secretIndex + 1 }
      : {
          rule: diagnosis.rule,
          status: refusals[diagnosis.rule].status,
          cause: diagnosis.cause,
          advice: diagnosis.advice,
          secret: null,
        }),
    skewSeconds,
    lengths: { signature: signatureLength, timestamp: timestampLength, body: bodyLength },
    secrets: config.secrets.length,
    at: new Date(now).toISOString(),
    notes,
  };
}

function describe({ diagnosis, config, now, notes }: VerifyReport): string {
  const { skewSeconds, signatureLength, timestampLength, bodyLength } = diagnosis;
  const count = config.secrets.length;
  return [
    ...(diagnosis.verifies
      ? [`verifies   with secret ${diagnosis.secretIndex + 1} of ${count}`]
      : [
          `refused    ${refusals[diagnosis.rule].status} ${refusals[diagnosis.rule].title} (${diagnosis.rule})`,
          `cause      ${diagnosis.cause}`,
          `what to do ${diagnosis.advice}`,
        ]),
    `skew       ${skewSeconds === null ? 'the timestamp cannot be read' : `${skewSeconds} s, judged at ${new Date(now).toISOString()}`}`,
    `lengths    signature ${signatureLength ?? 'absent'}, timestamp ${timestampLength ?? 'absent'}, body ${bodyLength} bytes`,
    `secrets    ${count} known`,
    ...notes.map((note) => `note       ${note}`),
  ].join('\n');
}
