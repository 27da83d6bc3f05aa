import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  DEFAULT_CALENDAR,
  DEFAULT_SALESFORCE_NAMES,
  DEFAULT_XAPI_NAMES,
  isTimeZone,
  sameName,
  SYSTEMS,
  WEEKDAYS,
  type Mode,
  type Policy,
  type System,
} from '../domain';
import { SettingsError } from './error';
import { forget, leaderboard, type ForgetRules, type Leaderboard } from './leaderboard';
import { explainPolicy } from './policy-faults';

const days = z.number().min(0).max(3650);
const percent = z.number().min(0).max(100);
/** Each once: nobody is notified twice because a list names them twice. */
const addresses = z
  .array(z.email())
  .transform((all) => all.filter((one, index) => all.findIndex((other) => sameName(one, other)) === index));
const mode = z.enum(['off', 'observe', 'on']);
const limitedConnector = z.strictObject({
  mode: mode.optional(),
  perSecond: z.number().positive().max(100_000).optional(),
  slots: z.number().int().positive().max(1000).optional(),
});
/** By names that people write: two spellings of one name would be two answers. */
function byNames<T extends z.ZodType>(value: T) {
  return z.record(z.string(), value).superRefine((record, context) => {
    const names = Object.keys(record);
    for (const [index, name] of names.entries()) {
      const first = names.slice(0, index).find((other) => sameName(other, name));
      if (first !== undefined)
        context.addIssue({ code: 'custom', path: [name], message: `is the same name as "${first}": keep one of them` });
    }
  });
}

/** `observe`, or `{ mode: observe, perSecond: 10 }`. */
const connector = z.preprocess((value) => (typeof value === 'string' ? { mode: value } : value), limitedConnector);

const delivery = z.strictObject({
  signatureHeader: z.string().toLowerCase().default('x-mt-webhook-signature'),
  timestampHeader: z.string().toLowerCase().default('x-mt-webhook-timestamp'),
  eventIdHeader: z.string().toLowerCase().default('x-mt-event-id'),
  /** The sender's retry ladder is 7 h 20 min and may not sign again. */
  windowBackSeconds: z
    .number()
    .int()
    .positive()
    .default(8 * 3600),
  windowAheadSeconds: z.number().int().positive().default(300),
});

const calendar = z.strictObject({
  timeZone: z
    .string()
    .refine(isTimeZone, 'not a time zone; give its IANA name, such as Europe/Berlin')
    .default(DEFAULT_CALENDAR.timeZone),
  workingDays: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...DEFAULT_CALENDAR.workingDays]),
  holidays: z.array(z.iso.date()).default([]),
});

/** API name of an object or a field; it becomes part of addresses and queries. */
const apiName = z.string().regex(/^[A-Za-z]\w{0,79}$/, 'not an API name of Salesforce, such as Score__c');

/** `null`: the org has none, and it is not written. */
const field = (theirs: string) => apiName.nullable().default(theirs);
const text = (value: string) => z.string().min(1).default(value);

/** An object with the keys of `defaults`, each read by `kind` of its default. */
function each<D extends Readonly<Record<string, string>>, T extends z.ZodType>(
  defaults: D,
  kind: (value: string) => T,
) {
  const shape = Object.fromEntries(Object.entries(defaults).map(([ours, value]) => [ours, kind(value)]));
  return z.strictObject(shape as { [Key in keyof D]: T }).prefault({} as never);
}

const salesforce = z.strictObject({
  trainingObject: apiName.default(DEFAULT_SALESFORCE_NAMES.trainingObject),
  keyField: apiName.default(DEFAULT_SALESFORCE_NAMES.keyField),
  trainingFields: each(DEFAULT_SALESFORCE_NAMES.trainingFields, field),
  statuses: each(DEFAULT_SALESFORCE_NAMES.statuses, text),
  userIdField: field(DEFAULT_SALESFORCE_NAMES.userIdField),
  contactKeyField: apiName.default(DEFAULT_SALESFORCE_NAMES.contactKeyField),
  contactFields: each(DEFAULT_SALESFORCE_NAMES.contactFields, field),
});

const config = z.strictObject({
  administrators: addresses.default([]),
  protected: z
    .strictObject({ users: z.array(z.string()).default([]), groups: z.array(z.string()).default([]) })
    .prefault({}),
  teams: byNames(z.strictObject({ manager: z.email().optional(), escalation: addresses.default([]) })).default({}),
  calendar: calendar.prefault({}),
  groups: z
    .strictObject({
      certified: z.string().min(1).default('Certified'),
      recertificationRequired: z.string().min(1).default('Recertification required'),
      createMissing: z.boolean().default(false),
    })
    .prefault({}),
  course: z
    .strictObject({ passPercent: percent.optional(), renews: byNames(z.array(z.string())).default({}) })
    .prefault({}),
  xapi: z
    .strictObject({
      accountHomePage: z.url().default(DEFAULT_XAPI_NAMES.accountHomePage),
      courseBase: z.url().default(DEFAULT_XAPI_NAMES.courseBase),
      attachments: z.enum(['auto', 'never']).default('auto'),
    })
    .prefault({}),
  slack: z
    .strictObject({
      alertsChannel: z.string().min(1).optional(),
      directMessages: z.boolean().default(false),
      userIdField: z
        .string()
        .regex(/^[A-Za-z]\w*$/, 'not the name of an attribute, such as externalId')
        .nullable()
        .default('externalId'),
    })
    .prefault({}),
  quiz: z.strictObject({ passPercent: percent.optional(), slaWorkingDays: days.int().default(5) }).prefault({}),
  recertification: z
    .strictObject({
      remindDaysBefore: z.array(days).default([30, 14, 7, 3, 1]),
      graceDays: days.default(30),
      renewalLeadDays: days.default(90),
    })
    .prefault({}),
  onboarding: z
    .strictObject({
      programs: z
        .array(
          z.strictObject({
            role: z.string().optional(),
            team: z.string().optional(),
            groups: z.array(z.string().min(1)),
          }),
        )
        .default([]),
      nudgeLearnerAfterDays: days.default(7),
      nudgeManagerAfterDays: days.default(14),
      endAfterDays: days.default(30),
    })
    .prefault({}),
  offboarding: z
    .strictObject({
      leaverReasons: z.array(z.string()).optional(),
      limitPerHour: z.number().int().positive().default(50),
      accessSlaMinutes: z.number().positive().default(60),
      deactivateAfterDays: days.default(7),
      rehire: z.enum(['ask', 'undo']).default('ask'),
    })
    .prefault({}),
  connectors: z.partialRecord(z.enum(SYSTEMS), connector).prefault({}),
  salesforce: salesforce.prefault({}),
  leaderboard: leaderboard.prefault({}),
  forget: forget.prefault({}),
  delivery: delivery.prefault({}),
});

/** How much is asked of a system: each absent one has its default in the worker. */
export interface ConnectorLimits {
  /** Activities a second, of all workers together; an average (Temporal divides it over the queue's partitions). */
  readonly perSecond?: number | undefined;
  /** Activities at the same time, of each worker. */
  readonly slots?: number | undefined;
}

/** The whole YAML file: what decides (`policy`), how deliveries are signed, and what it says of connectors. */
export interface ConfigFile {
  readonly policy: Policy;
  readonly delivery: z.infer<typeof delivery>;
  readonly leaderboard: Leaderboard;
  readonly forget: ForgetRules;
  readonly modes: Readonly<Partial<Record<System, Mode | undefined>>>;
  readonly limits: Readonly<Partial<Record<System, ConnectorLimits>>>;
}

/**
 * Read the YAML file that `MINDTICKLE_CONFIG` names; no path, or an empty file, is all defaults.
 * @throws SettingsError naming the path of each fault in the file.
 */
export function readConfigFile(path: string | undefined): ConfigFile {
  const text = path === undefined ? '' : readText(path);
  const parsed = config.safeParse(parseYaml(text, path) ?? {});
  if (!parsed.success) throw new SettingsError(explainPolicy(parsed.error, config, { path: path ?? 'config', text }));
  const { connectors, delivery, leaderboard: ranking, forget: erasing, ...policy } = parsed.data;
  return {
    policy,
    delivery,
    leaderboard: ranking,
    forget: erasing,
    modes: Object.fromEntries(SYSTEMS.map((system) => [system, connectors[system]?.mode])),
    limits: Object.fromEntries(SYSTEMS.map((system) => [system, limitsOf(connectors[system] ?? {})])),
  };
}

function limitsOf({ perSecond, slots }: ConnectorLimits): ConnectorLimits {
  return { perSecond, slots };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SettingsError([`MINDTICKLE_CONFIG ${path}: ${(error as Error).message}`]);
  }
}

function parseYaml(text: string, path: string | undefined): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new SettingsError([`MINDTICKLE_CONFIG ${path}: ${(error as Error).message.split('\n')[0] ?? 'unreadable'}`]);
  }
}
