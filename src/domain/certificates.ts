/** What is known of a completion beside its own score, as the ledger answers. */
export interface EarlierCompletions {
  /** None of this course was known of the learner. */
  readonly firstCompletion?: boolean;
  /** The best score of the course without this one; absent when there was none, or the answer is older than the question. */
  readonly bestBefore?: number;
}

/** `due`: it earns the certificate. The others say why not; of one learner's completions of a course one is `due`. */
export type CertificateDecision = 'due' | 'below the mark' | 'completed before';

/** `passPercent` absent: any completion counts. A learner who fell short of the mark before earns it by the first that does not. */
export function decideCertificate(
  score: number,
  earlier: EarlierCompletions,
  passPercent: number | undefined,
): CertificateDecision {
  if (passPercent !== undefined && score < passPercent) return 'below the mark';
  if (earlier.firstCompletion !== false) return 'due';
  const fellShort = passPercent !== undefined && earlier.bestBefore !== undefined && earlier.bestBefore < passPercent;
  return fellShort ? 'due' : 'completed before';
}
