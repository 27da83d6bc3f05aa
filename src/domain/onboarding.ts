import { sameName } from './names';
import type { Policy } from './policy';

/** The groups of every program that fits the role and the team, each once, in the policy's order. */
export function programGroups(
  programs: Policy['onboarding']['programs'],
  role: string | null,
  team: string | null,
): readonly string[] {
  const fitting = programs.filter((program) => fits(program.role, role) && fits(program.team, team));
  return [...new Set(fitting.flatMap(({ groups }) => groups))];
}

function fits(wanted: string | undefined, given: string | null): boolean {
  return wanted === undefined || (given !== null && sameName(wanted, given));
}
