import { newsFor, opens, type Fact, type News, type OpenWorkflow, type RenewalRules } from '../../src/domain';
import { standingOf, type LearnerStanding } from '../../src/ledger/learners';

/** What `recordEvent` says, as far as it is about open workflows. */
export interface Told {
  readonly joins: string | null;
  readonly settledBy: News | null;
  readonly settles: readonly { readonly workflowId: string; readonly news: News }[];
}

/** One learner's ledger in memory: the rules of `recordEvent` on top of the table, in as few words as they have. */
export interface LedgerModel {
  /** A workflow's id is its event's. Asked again by its own run it answers afresh. */
  readonly record: (eventId: string, fact: Fact) => Told;
  readonly close: (workflowId: string) => void;
  readonly open: () => readonly OpenWorkflow[];
  readonly standing: () => LearnerStanding;
}

type Stored<K extends Fact['kind'] = Fact['kind']> = { readonly eventId: string; readonly fact: Fact & { kind: K } };

export function createLedgerModel(rules: RenewalRules, now = Date.now()): LedgerModel {
  const facts = new Map<string, Fact>();
  const joined = new Map<string, string | null>();
  const rows = new Map<string, OpenWorkflow & { isClosed: boolean }>();
  /** `<completion> <certificate>` → the expiry that it renewed. */
  const renewed = new Map<string, number>();

  const open = () => [...rows.values()].filter(({ isClosed }) => !isClosed);

  function all<K extends Fact['kind']>(kind: K): readonly Stored<K>[] {
    return [...facts]
      .flatMap(([eventId, fact]) => (fact.kind === kind ? [{ eventId, fact: fact as Fact & { kind: K } }] : []))
      .sort((a, b) => a.fact.at - b.fact.at || (a.eventId < b.eventId ? -1 : 1));
  }

  const latest = (kind: 'provisioned' | 'deprovisioned') => all(kind).findLast(({ fact }) => fact.at <= now);
  const standing = (): LearnerStanding =>
    standingOf(latest('provisioned')?.fact.at ?? null, latest('deprovisioned')?.fact.at ?? null);
  const departure = () => (standing() === 'active' ? undefined : latest('deprovisioned'));

  /** The latest expiry before it, else the first after it: by when they happened. What it has renewed it has. */
  const isRenewedBy = ({ key, openedBy }: OpenWorkflow, { eventId, fact }: Stored): boolean => {
    if (renewed.get(`${eventId} ${key}`) === openedBy) return true;
    const known = all('expired').filter((expiry) => opens(expiry.fact)?.key === key);
    const due = known.findLast((expiry) => expiry.fact.at <= fact.at) ?? known[0];
    return due?.fact.at === openedBy;
  };

  const firstNews = (row: OpenWorkflow, stored: readonly Stored[]): News | null =>
    stored.map(({ eventId, fact }) => newsFor(row, fact, eventId, rules)).find((news) => news !== null) ?? null;

  function settledBy(row: OpenWorkflow): News | null {
    const left = departure();
    const ending = firstNews(row, [...(left ? [left] : []), ...all('expired').toReversed()]);
    if (ending !== null) return ending;
    for (const completion of all('completed').toReversed()) {
      const news = firstNews(row, [completion]);
      if (news === null || (news.signal === 'recertified' && !isRenewedBy(row, completion))) continue;
      if (news.signal === 'recertified') renewed.set(`${completion.eventId} ${row.key}`, row.openedBy);
      return news;
    }
    return firstNews(row, [...all('quizzed'), ...all('progressed')]);
  }

  function settles(eventId: string, fact: Fact): Told['settles'] {
    if (fact.kind === 'deprovisioned' && departure() === undefined) return [];
    const told = open().flatMap((row) => {
      const news = newsFor(row, fact, eventId, rules);
      const isHeard = news !== null && (news.signal !== 'recertified' || isRenewedBy(row, { eventId, fact }));
      return isHeard ? [{ row, news }] : [];
    });
    for (const { row, news } of told)
      if (news.signal === 'recertified') renewed.set(`${eventId} ${row.key}`, row.openedBy);
    return told.map(({ row, news }) => ({ workflowId: row.workflowId, news }));
  }

  function record(eventId: string, fact: Fact): Told {
    if (!facts.has(eventId)) {
      facts.set(eventId, fact);
      const running = open().find(({ kind }) => kind === 'offboarding');
      joined.set(eventId, fact.kind === 'deprovisioned' ? (running?.workflowId ?? null) : null);
    }
    const joins = joined.get(eventId) ?? null;
    const opened = joins === null ? opens(fact) : null;
    if (opened === null) return { joins, settledBy: null, settles: settles(eventId, fact) };
    const row = rows.get(eventId) ?? { workflowId: eventId, ...opened, openedBy: fact.at, isClosed: false };
    rows.set(eventId, row);
    row.isClosed = false;
    const by = settledBy(row);
    return { joins, settledBy: by, settles: settles(eventId, fact) };
  }

  function close(workflowId: string): void {
    const row = rows.get(workflowId);
    if (row !== undefined) row.isClosed = true;
  }

  return { record, close, open, standing };
}
