/** `again`: the signature came under another event id before. `over`: under as many as are taken. */
export type Sighting = 'first' | 'again' | 'over';

export interface ReplayGuard {
  readonly note: (signatureDigest: string, eventId: string) => Sighting;
}

interface Seen {
  readonly first: string;
  readonly others: Set<string>;
}

/** One signature is some 300 bytes here: 15 MB at most, and hours of deliveries at ten a second. */
const CAPACITY = 50_000;

/**
 * Under how many event ids one signature came. The id is not signed: whoever captured one delivery can send it under
 * endless ids for as long as the window is open, and a genuine sender signs each event. The ledger decides what runs;
 * this memory, bounded and of this process alone, keeps a flood from getting that far.
 */
export function createReplayGuard(limit: number, capacity = CAPACITY): ReplayGuard {
  const seen = new Map<string, Seen>();

  const note = (signatureDigest: string, eventId: string): Sighting => {
    const known = seen.get(signatureDigest) ?? { first: eventId, others: new Set<string>() };
    // Set anew, so that the one that is forgotten is the one that was not seen for longest.
    seen.delete(signatureDigest);
    seen.set(signatureDigest, known);
    const [oldest] = seen.keys();
    if (seen.size > capacity && oldest !== undefined) seen.delete(oldest);
    if (known.first === eventId) return 'first';
    if (known.others.has(eventId)) return 'again';
    if (known.others.size + 1 >= limit) return 'over';
    known.others.add(eventId);
    return 'again';
  };
  return { note };
}
