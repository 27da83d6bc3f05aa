import { MINUTE } from '../../domain';
import type { RefusalRow } from '../../ledger';
import type { DeliveryFacts } from './diagnose';
import { refusals, type Rule } from './rules';

/** One refused delivery, explained. */
export interface RefusedDelivery {
  readonly rule: Rule;
  readonly address: string;
  readonly cause: string;
  /** Epoch ms. */
  readonly at: number;
  readonly facts?: DeliveryFacts | undefined;
}

export interface RefusalTable {
  readonly count: (refused: RefusedDelivery) => void;
  /** Everything that is counted; the table is empty then. */
  readonly take: () => readonly RefusalRow[];
  /** What was taken and could not be kept. */
  readonly putBack: (rows: readonly RefusalRow[]) => void;
}

export interface TableLimits {
  /** Rows of one rule in one minute that name address and cause; strangers can fill those of their own rules alone. */
  readonly rowsPerRule: number;
  /** Rows in all; at least what one minute may have. */
  readonly rows: number;
}

/** Where what is beyond the limit is counted: as address and as cause. */
const OTHER = 'other';

type Rows = Map<string, RefusalRow>;

/**
 * Counts by minute, rule, address and cause, in bounded memory: beyond it details are lost, counts are not. Apart from
 * `counts`, which has the timers and the ledger: this is plain data, tested without either.
 */
export function createRefusalTable({ rowsPerRule, rows: maxRows }: TableLimits): RefusalTable {
  const minutes = new Map<string, Map<string, Rows>>();

  const rowsOf = ({ minute, rule }: RefusalRow): Rows => {
    const rules = found(minutes, minute, () => new Map<string, Rows>());
    return found(rules, rule, () => new Map<string, RefusalRow>());
  };
  const add = (row: RefusalRow): void => {
    const rows = rowsOf(row);
    const key = keyOf(row);
    const isFull = !rows.has(key) && rows.size >= rowsPerRule;
    const kept = isFull ? { ...row, address: OTHER, cause: OTHER } : row;
    rows.set(keyOf(kept), merged(rows.get(keyOf(kept)), kept));
  };
  const size = (): number => all().length;
  const all = (): RefusalRow[] =>
    [...minutes.values()].flatMap((rules) => [...rules.values()]).flatMap((rows) => [...rows.values()]);
  /** The oldest minute goes into the next as `other`: its `firstAt` still says when. */
  const fold = (): void => {
    const [oldest, next] = [...minutes.keys()].sort();
    if (oldest === undefined || next === undefined) return;
    const rows = [...(minutes.get(oldest)?.values() ?? [])].flatMap((each) => [...each.values()]);
    minutes.delete(oldest);
    for (const row of rows) {
      const other = { ...row, minute: next, address: OTHER, cause: OTHER };
      const into = rowsOf(other);
      into.set(keyOf(other), merged(into.get(keyOf(other)), other));
    }
  };
  const bound = (): void => {
    while (size() > maxRows && minutes.size > 1) fold();
  };

  return {
    count: (refused) => {
      const known = minutes.size;
      add(rowOf(refused));
      // Only a new minute can lead beyond what the rules of one minute may have.
      if (minutes.size > known) bound();
    },
    take: () => {
      const taken = all();
      minutes.clear();
      return taken;
    },
    putBack: (rows) => {
      for (const row of rows) add(row);
      bound();
    },
  };
}

function rowOf({ rule, address, cause, at, facts }: RefusedDelivery): RefusalRow {
  const iso = new Date(at).toISOString();
  return {
    minute: new Date(at - (at % MINUTE)).toISOString(),
    rule,
    address,
    cause,
    status: refusals[rule].status,
    count: 1,
    skewSeconds: facts?.skewSeconds ?? null,
    signatureLength: facts?.signatureLength ?? null,
    timestampLength: facts?.timestampLength ?? null,
    bodyLength: facts?.bodyLength ?? null,
    firstAt: iso,
    lastAt: iso,
  };
}

function merged(a: RefusalRow | undefined, b: RefusalRow): RefusalRow {
  if (a === undefined) return b;
  return {
    ...a,
    count: a.count + b.count,
    skewSeconds: a.skewSeconds ?? b.skewSeconds,
    signatureLength: a.signatureLength ?? b.signatureLength,
    timestampLength: a.timestampLength ?? b.timestampLength,
    bodyLength: a.bodyLength ?? b.bodyLength,
    firstAt: a.firstAt < b.firstAt ? a.firstAt : b.firstAt,
    lastAt: a.lastAt > b.lastAt ? a.lastAt : b.lastAt,
  };
}

function keyOf({ address, cause }: RefusalRow): string {
  return `${address} ${cause}`;
}

function found<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const value = map.get(key) ?? create();
  map.set(key, value);
  return value;
}
