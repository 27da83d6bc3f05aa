/** Every scenario, for `--help`, which loads nothing else. */
export const scenarioTitles = {
  quiz: 'a class takes a quiz, and some fail',
  expiry: "a quarter's certificates expire",
  layoff: '1,000 people leave at once',
  retake: 'each learner completes a course twice, better the second time',
  rotation: 'the signing secret is rotated while deliveries come',
  'outage-8h': 'nothing reaches the receiver for 8 hours, and the retries deliver',
  'outage-25h': 'nothing reaches the receiver for 25 hours, and MindTickle suspends the webhook',
  'no-scim': 'a subscription without the SCIM events: nobody joins or leaves',
} as const;

export type ScenarioName = keyof typeof scenarioTitles;
