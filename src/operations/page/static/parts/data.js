/** What a view shows, kept right: asked for once, and again whenever one of its topics changes. */
import { useEffect, useRef, useState } from './html.js';
import { get, isLoggedOut, withQuery } from './api.js';
import { onChange } from './live.js';

/** The last answers, so that going back shows something at once. */
const answers = new Map();
const KEPT_ANSWERS = 60;
/** Many changes in a row are one question. */
const SETTLE_MS = 250;

/**
 * The answer of a GET; of nothing while the path is null. While it is asked for again, the old one stays: nothing jumps.
 * @returns {{ data: any, problem: Error | null, isStale: boolean, again: () => void }}
 */
export function useData(path, topics, { everyMs } = {}) {
  return useAsked(path, topics, everyMs, (signal) => get(path, signal));
}

/** A list by pages: `rows` of all pages so far; `more` asks for the next, undefined at the end. */
export function useList(path, field, topics) {
  const [pages, setPages] = useState({ path, count: 1 });
  const count = pages.path === path ? pages.count : 1;
  const asked = useAsked(`${path}#${count}`, topics, undefined, (signal) => getPages(path, field, count, signal));
  const more = asked.data?.next ? () => setPages({ path, count: count + 1 }) : undefined;
  return { ...asked, rows: asked.data?.[field] ?? [], more };
}

async function getPages(path, field, count, signal) {
  let answer = await get(path, signal);
  const rows = [...answer[field]];
  for (let page = 1; page < count && answer.next; page += 1) {
    answer = await get(
      `${path}${path.includes('?') ? '&' : '?'}${withQuery('', { cursor: answer.next }).slice(1)}`,
      signal,
    );
    rows.push(...answer[field]);
  }
  return { ...answer, [field]: rows };
}

function useAsked(key, topics, everyMs, ask) {
  const [state, setState] = useState({ key, data: answers.get(key), problem: null });
  const again = useRef(() => undefined);
  useEffect(() => {
    if (key === null) return undefined;
    const asking = keepAsking(ask, {
      onAnswer: (data) => {
        keep(key, data);
        setState({ key, data, problem: null });
      },
      onProblem: (problem) => setState((old) => ({ ...old, problem })),
    });
    again.current = asking.now;
    const stops = [
      onChange((changed) => {
        if (changed === null || changed.some((topic) => topics.includes(topic))) asking.soon();
      }),
      isLoggedOut.subscribe((isOut) => isOut || asking.now()),
    ];
    const timer = everyMs && setInterval(() => document.hidden || asking.now(), everyMs);
    asking.now();
    return () => {
      clearInterval(timer);
      asking.stop();
      for (const stop of stops) stop();
    };
  }, [key]);
  const isStale = state.key !== key;
  const data = isStale ? (answers.get(key) ?? state.data) : state.data;
  return { data, problem: state.problem, isStale, again: () => again.current() };
}

/** One question at a time; what changes while one is under way leads to another. */
function keepAsking(ask, { onAnswer, onProblem }) {
  const stopped = new AbortController();
  let isAsking = false;
  let isDue = false;
  let timer;
  const now = async () => {
    clearTimeout(timer);
    timer = undefined;
    isDue = isAsking;
    if (isAsking || stopped.signal.aborted) return;
    isAsking = true;
    try {
      const answer = await ask(stopped.signal);
      if (!stopped.signal.aborted) onAnswer(answer);
    } catch (problem) {
      if (!stopped.signal.aborted) onProblem(problem);
    }
    isAsking = false;
    if (isDue) soon();
  };
  const soon = () => {
    timer ??= setTimeout(() => void now(), SETTLE_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    stopped.abort();
  };
  return { now, soon, stop };
}

function keep(key, data) {
  answers.delete(key);
  answers.set(key, data);
  if (answers.size > KEPT_ANSWERS) answers.delete(answers.keys().next().value);
}

/** After logging out, nothing of it is left in this page. */
export function forgetAnswers() {
  answers.clear();
}
