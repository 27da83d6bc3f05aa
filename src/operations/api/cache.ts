import { SECOND } from '../../domain';
import type { Changes } from '../changes';
import type { Topic } from '../operation';

export interface CacheOptions {
  readonly changes: Pick<Changes, 'versionOf'>;
  /** A clock in ms; it need not know the date. */
  readonly now: () => number;
  readonly maxAgeMs?: number;
  readonly maxEntries?: number;
}

/** An answer that may be kept. */
export interface Keepable {
  readonly isKept: boolean;
}

export type Cache<T extends Keepable> = (key: string, topics: readonly Topic[], make: () => Promise<T>) => Promise<T>;

interface Entry<T> {
  readonly version: number;
  readonly madeAt: number;
  readonly answer: Promise<T>;
}

/**
 * Answers one question of many callers once: whoever asks while the answer is made gets the same one, and it is kept until
 * one of its topics changes or it is too old. What began before a change is not given to whoever asks after it.
 */
export function createCache<T extends Keepable>(options: CacheOptions): Cache<T> {
  const { changes, now, maxAgeMs = 2 * SECOND, maxEntries = 200 } = options;
  const entries = new Map<string, Entry<T>>();

  const isFresh = ({ version, madeAt }: Entry<T>, current: number): boolean =>
    version === current && now() - madeAt < maxAgeMs;

  return async (key, topics, make) => {
    const version = changes.versionOf(topics);
    const known = entries.get(key);
    if (known !== undefined && isFresh(known, version)) return known.answer;
    const entry = { version, madeAt: now(), answer: make() };
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
    const forget = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    entry.answer.then(({ isKept }) => {
      if (!isKept) forget();
    }, forget);
    return entry.answer;
  };
}
