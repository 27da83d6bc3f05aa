import { z } from 'zod';

const settings = z.strictObject({
  /** False: a tenant without the management API; every call is answered 404. */
  api: z.boolean(),
  /**
   * List, show and delete, and a PATCH that changes more than the status. No documentation has them: `answered`, or refused
   * with 404 or 405 (a PATCH then re-activates all the same).
   */
  undocumentedCalls: z.enum(['answered', '404', '405']),
  /** Management calls in a minute; above, they are answered 429 with `Retry-After`. Null: no limit. */
  callsPerMinute: z.int().min(1).max(1_000_000).nullable(),
  /** Signs deliveries. It is in memory alone, and nothing shows it again. */
  secret: z.string().min(1),
  /** Waits are so many times shorter than MindTickle's. Timestamps that are signed are never compressed. */
  compression: z.number().min(1).max(10_000_000),
  /** A retry gets a fresh timestamp and signature; false: it repeats those of the first attempt. */
  resign: z.boolean(),
  /** False: nothing that is sent arrives, as when the receiver or the network before it is down. */
  reachable: z.boolean(),
  /** Who is notified of a suspension. */
  adminEmail: z.string().min(1),
});

/** The body of `PUT /_mindtickle`: how this MindTickle behaves. What is left out stays as it is. */
export const settingsSchema = settings.partial();

export type MindtickleSettings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS = {
  api: true,
  undocumentedCalls: 'answered',
  callsPerMinute: null,
  compression: 1,
  resign: true,
  reachable: true,
  adminEmail: 'mindtickle-admin@example.com',
} as const satisfies CurrentSettings;

export type CurrentSettings = Omit<z.infer<typeof settings>, 'secret'> & { readonly secret?: string };
