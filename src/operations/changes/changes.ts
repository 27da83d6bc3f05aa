import { TOPICS, type Topic } from '../operation';

/** Something changed: its number, and what. */
export interface Change {
  /** Rises, also over a restart of the process. */
  readonly id: number;
  readonly topics: readonly Topic[];
}

/** Who tells whom that something changed, within this process. */
export interface Changes {
  readonly publish: (topics: readonly Topic[]) => void;
  /** Rises at once when one of the topics is published. */
  readonly versionOf: (topics: readonly Topic[]) => number;
  /** `listener` gets what is published, gathered over a moment. @returns what ends it. */
  readonly subscribe: (listener: (change: Change) => void) => () => void;
  readonly last: () => number;
  /** What came after a change, as one; all topics where that is no longer known. Undefined: nothing. */
  readonly since: (id: number) => Change | undefined;
  readonly hasSubscribers: () => boolean;
}

export interface ChangesOptions {
  /** Epoch ms, at the start alone. */
  readonly startedAt: number;
  /** How long what is published is gathered. */
  readonly gatherMs?: number;
  /** How many changes are remembered. */
  readonly memory?: number;
}

/** A restarted process does not use a number again while fewer changes than this come in a millisecond. */
const IDS_PER_MS = 1000;

export function createChanges({ startedAt, gatherMs = 250, memory = 500 }: ChangesOptions): Changes {
  const listeners = new Set<(change: Change) => void>();
  const versions = new Map<Topic, number>();
  const past: Change[] = [];
  const gathered = new Set<Topic>();
  let id = startedAt * IDS_PER_MS;
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    timer = undefined;
    id += 1;
    const change = { id, topics: [...gathered] };
    gathered.clear();
    past.push(change);
    if (past.length > memory) past.shift();
    for (const listener of [...listeners]) listener(change);
  };
  const publish = (topics: readonly Topic[]): void => {
    for (const topic of topics) {
      versions.set(topic, (versions.get(topic) ?? 0) + 1);
      gathered.add(topic);
    }
    if (gathered.size > 0) timer ??= setTimeout(tell, gatherMs).unref();
  };
  const since = (known: number): Change | undefined => {
    if (known === id) return undefined;
    const oldest = id - past.length;
    if (known < oldest || known > id) return { id, topics: TOPICS };
    const missed = new Set(past.filter((change) => change.id > known).flatMap(({ topics }) => topics));
    return { id, topics: [...missed] };
  };
  return {
    publish,
    versionOf: (topics) => topics.reduce((sum, topic) => sum + (versions.get(topic) ?? 0), 0),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    last: () => id,
    since,
    hasSubscribers: () => listeners.size > 0,
  };
}
