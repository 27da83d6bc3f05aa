import type { z } from 'zod';

/** 1 goes first, 5 last: Temporal's `priorityKey`, and the order in which a spool is drained. */
export const LANES = [1, 2, 3, 4, 5] as const;

/** Withdrawing access must not wait behind ten thousand progress events: hence the lanes. */
export type Lane = (typeof LANES)[number];

/** What the receiver needs in order to start a workflow. */
export interface Route {
  /** As the workflow's function is named, and as Temporal Web UI shows it. */
  readonly workflowType: string;
  readonly lane: Lane;
  /** What a person reads first in Temporal Web UI. */
  readonly title: string;
  /** The field of `data` that says what it is about, beside the learner. */
  readonly subject?: string;
}

/** Whom and which run the sample data is about. */
export interface SampleSubject {
  readonly userId: string;
  readonly email: string;
  readonly role: string;
  readonly teamId: string;
  /** Part of the ids of courses, quizzes and modules: a second run of the demo then completes others. */
  readonly run: string;
  /** Epoch ms. */
  readonly now: number;
}

/** An effect of a step in a stand-in. The demo expects it once the step says `done`. */
export type DemoEffect = { readonly step: string } & (
  | { readonly inGroup: string }
  | { readonly leftAllGroups: true }
  | { readonly signInBlocked: true }
  | { readonly chatDeactivated: true }
  | { readonly lmsStatement: true }
  | { readonly mailTo: 'learner' | 'manager'; readonly subjectStarts: string }
  /** Field → value of one record; the value `learner` is the learner's user id. */
  | { readonly crmRecord: Readonly<Record<string, string | boolean>> }
);

/** What `mt demo` does with the event, and what it expects. */
export interface DemoOfEvent {
  /** Someone of `src/dev/people`; nobody twice, so that no event settles the workflow of another. */
  readonly person: string;
  /** The last step before the workflow rests; absent where the workflow ends. */
  readonly lastStep?: string;
  readonly effects: readonly DemoEffect[];
}

/**
 * `past`: when the fact happened, the delivery's own time where it is absent. `announced`: may be ahead; now, where it is absent
 * or cannot be read. `deadline`: may be ahead, and has to be there. A date without a time is the end of that day.
 */
export type TimeKind = 'past' | 'announced' | 'deadline';

export interface EventDescriptor<
  Name extends string,
  Type extends string,
  Shape extends z.core.$ZodLooseShape,
  Person,
> extends Route {
  readonly name: Name;
  /** What is read of `data`. Fields beyond it are kept in the body, which travels as it came. */
  readonly schema: z.ZodObject<Shape>;
  /** Which of its fields are times. */
  readonly times?: { readonly [Field in keyof Shape]?: TimeKind };
  /** Pairs of fields of which the first may not be more, or later, than the second. */
  readonly atMost?: readonly (readonly [keyof Shape & string, keyof Shape & string])[];
  readonly workflowType: Type;
  readonly subject?: Extract<keyof Shape, string>;
  /** Data that fits the schema: of `mt send`, of the demo and of tests. */
  readonly sample: (about: SampleSubject) => z.input<z.ZodObject<Shape>> & Readonly<Record<string, unknown>>;
  readonly demo: DemoOfEvent & { readonly person: Person };
}

/** The descriptor as it is, with its literal types; a sample that lacks a field, or a subject that is none, does not compile. */
export function describeEvent<
  const Name extends string,
  const Type extends string,
  Shape extends z.core.$ZodLooseShape,
  const Person extends string,
>(descriptor: EventDescriptor<Name, Type, Shape, Person>): EventDescriptor<Name, Type, Shape, Person> {
  return descriptor;
}

const DAY_MS = 86_400_000;

/** ISO 8601, so many days after `now`. */
export function daysAfter(now: number, days: number): string {
  return new Date(now + days * DAY_MS).toISOString();
}
