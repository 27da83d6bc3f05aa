import type { Policy } from './policy';

/** The groups of every program that fits the role and the team, each once, in the policy's order. */
export function programGroups(
  programs: Policy['onboarding']['programs'],
  role: string,
  team: string,
): readonly string[] {
  const fitting = programs.filter(
    (program) =>
      (program.role === undefined || program.role === role) && (program.team === undefined || program.team === team),
  );
  return [...new Set(fitting.flatMap(({ groups }) => groups))];
}
