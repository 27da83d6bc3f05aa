import { createHash } from 'node:crypto';
import { DEFAULT_XAPI_NAMES, epochMs, isoTime, type XapiNames } from '../../src/domain';
import type { CertificateFacts } from '../certificate';

/** What a statement says about a completion; all of it is from the event and the policy snapshot, so it can be made again. */
export interface StatementFacts extends CertificateFacts {
  /** `passed`: the policy sets a mark, and the score reaches it. */
  readonly verb: 'completed' | 'passed';
  /** From the policy snapshot. Absent: `DEFAULT_XAPI_NAMES`. */
  readonly iris?: XapiNames | undefined;
}

/** An xAPI statement as we write it (xAPI 1.0.3, part 2 §2.4). */
export interface Statement {
  readonly id: string;
  /** By account: no address of the learner is needed to know them again. */
  readonly actor: {
    readonly objectType: 'Agent';
    readonly account: { readonly homePage: string; readonly name: string };
  };
  readonly verb: { readonly id: string; readonly display: LanguageMap };
  readonly object: {
    readonly objectType: 'Activity';
    readonly id: string;
    readonly definition: { readonly type: string; readonly name: LanguageMap };
  };
  readonly result: {
    readonly score: { readonly scaled: number; readonly raw: number; readonly min: number; readonly max: number };
    readonly completion: true;
    /** Absent where no mark is set. */
    readonly success?: true;
  };
  readonly context: { readonly platform: 'MindTickle' };
  readonly timestamp: string;
  readonly attachments: readonly Attachment[];
}

interface Attachment {
  readonly usageType: string;
  readonly display: LanguageMap;
  readonly contentType: string;
  /** Bytes. */
  readonly length: number;
  /** SHA-256, hex. */
  readonly sha2: string;
}

type LanguageMap = Readonly<Record<string, string>>;

/** ADL's verbs and activity type, and the registry's word for what the attachment is. */
const VERBS = 'http://adlnet.gov/expapi/verbs/';
const COURSE = 'http://adlnet.gov/expapi/activities/course';
const CERTIFICATE = 'http://id.tincanapi.com/attachment/certificate-of-completion';

/** The namespace of our ids (RFC 9562 §5.5). It may never change. */
const NAMESPACE = '1d3cbf2c-6a1f-4c0e-9c55-0d5f2a4c7e63';

/** The one statement of this event, verb and course: the same facts give the same statement, its id included. */
export function statementOf(eventId: string, facts: StatementFacts, certificate: Uint8Array): Statement {
  const { userId, courseId, courseName, score, completedAt, verb, iris = DEFAULT_XAPI_NAMES } = facts;
  const object = `${iris.courseBase}${encodeURIComponent(courseId)}`;
  return {
    id: uuidV5(NAMESPACE, [eventId, VERBS + verb, object].join('\n')),
    actor: { objectType: 'Agent', account: { homePage: iris.accountHomePage, name: userId } },
    verb: { id: VERBS + verb, display: { 'en-US': verb } },
    object: { objectType: 'Activity', id: object, definition: { type: COURSE, name: { 'en-US': courseName } } },
    result: {
      score: {
        // A record store refuses what is out of its bounds, and the score is the sender's.
        scaled: Math.min(Math.max(score / 100, -1), 1),
        raw: score,
        min: Math.min(0, score),
        max: Math.max(100, score),
      },
      completion: true,
      ...(verb === 'passed' && { success: true }),
    },
    context: { platform: 'MindTickle' },
    // Without one the record store fills in its own, and the same statement sent again is another.
    timestamp: isoTime(epochMs(completedAt)),
    attachments: [
      {
        usageType: CERTIFICATE,
        display: { 'en-US': 'Certificate of completion' },
        contentType: 'application/pdf',
        length: certificate.length,
        sha2: createHash('sha256').update(certificate).digest('hex'),
      },
    ],
  };
}

/**
 * Statement and certificate as one body (xAPI 1.0.3, part 3 §1.5.2). Written here: `FormData` makes `multipart/form-data` only.
 */
export function withCertificate(
  statement: Statement,
  certificate: Uint8Array,
): { readonly contentType: string; readonly raw: Uint8Array<ArrayBuffer> } {
  const boundary = `mindtickle-${statement.id}`;
  const [attachment] = statement.attachments;
  const lines = (...all: readonly string[]): Buffer => Buffer.from(all.join('\r\n'));
  const raw = Buffer.concat([
    lines(`--${boundary}`, 'Content-Type: application/json', '', JSON.stringify(statement), `--${boundary}`, ''),
    lines('Content-Type: application/pdf', 'Content-Transfer-Encoding: binary', ''),
    lines(`X-Experience-API-Hash: ${attachment?.sha2 ?? ''}`, '', ''),
    certificate,
    lines('', `--${boundary}--`, ''),
  ]);
  return { contentType: `multipart/mixed; boundary="${boundary}"`, raw: new Uint8Array(raw) };
}

/** The statement alone: without its bytes an attachment has to be left out too (part 2 §2.4.11). */
export function alone(statement: Statement): { readonly contentType: string; readonly raw: string } {
  return { contentType: 'application/json', raw: JSON.stringify({ ...statement, attachments: undefined }) };
}

/** A UUID made of a name (RFC 9562 §5.5). Node.js makes only random ones, and a package would be longer than this. */
function uuidV5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
