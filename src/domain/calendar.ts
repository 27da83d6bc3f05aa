import { DAY } from './time';

/** `days` working days (Monday to Friday, UTC) after `from`, at the same time of day; epoch ms. */
export function addWorkingDays(from: number, days: number): number {
  let at = from;
  for (let left = days; left > 0;) {
    at += DAY;
    if (isWorkingDay(at)) left -= 1;
  }
  return at;
}

function isWorkingDay(at: number): boolean {
  const day = new Date(at).getUTCDay();
  return day !== 0 && day !== 6;
}
