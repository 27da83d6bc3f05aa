import type { PoolClient } from 'pg';

/** The channel of NOTIFY. Its payload: the tables that were written, separated by commas. */
export const CHANNEL = 'mindtickle_ledger';

/** Gathers the tables that transactions have written, and says so once for all of them. */
export interface Announcer {
  /** The client for one transaction, which notes what its statements write. */
  readonly watch: (client: PoolClient) => { readonly client: PoolClient; readonly committed: () => void };
}

export interface AnnouncerOptions {
  readonly announce: (tables: readonly string[]) => Promise<unknown>;
  readonly gatherMs?: number;
}

/** `for update` and `do update` write no table of that name. */
const WRITES = /\b(?:insert into|delete from|(?<!for |key |do )update)\s+([a-z_]+)/gi;

/**
 * A NOTIFY within the transaction, or from a trigger, would have every commit wait for the one before it: Postgres holds one lock for the
 * queue until the commit is on disk (docs/architecture.md has the figures). One after the commit, a few times a second at most, costs
 * nothing; whoever listens also looks by themselves from time to time.
 */
export function createAnnouncer({ announce, gatherMs = 200 }: AnnouncerOptions): Announcer {
  const gathered = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const say = (): void => {
    timer = undefined;
    const tables = [...gathered];
    gathered.clear();
    announce(tables).catch(() => undefined);
  };
  return {
    watch: (client) => {
      const written = new Set<string>();
      const query = (...given: unknown[]): unknown => {
        for (const table of tablesIn(given[0])) written.add(table);
        return (client.query as (...args: unknown[]) => unknown)(...given);
      };
      const committed = (): void => {
        for (const table of written) gathered.add(table);
        if (written.size > 0) timer ??= setTimeout(say, gatherMs).unref();
      };
      return { client: Object.create(client, { query: { value: query } }) as PoolClient, committed };
    },
  };
}

function tablesIn(statement: unknown): readonly string[] {
  const text = typeof statement === 'string' ? statement : (statement as { readonly text?: string }).text;
  return [...(text ?? '').matchAll(WRITES)].map(([, table = '']) => table.toLowerCase());
}
