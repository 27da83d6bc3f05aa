/**
 * The releases that a running workflow may have begun with, oldest first. A release that adds, removes or reorders commands of
 * workflows adds its name here; CONTRIBUTING.md, "Change a workflow", says what else.
 */
export const RELEASES = ['1.0'] as const;

export type Release = (typeof RELEASES)[number];

/** The one that this code begins workflows with. */
export const NEWEST_RELEASE: Release = RELEASES[RELEASES.length - 1] ?? RELEASES[0];
