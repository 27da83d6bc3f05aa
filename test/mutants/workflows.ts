/** Faults as somebody might make them: each changes the commands of running workflows, and has to be caught by a replay. */

export interface Plant {
  /** What it does, as a sentence. */
  readonly name: string;
  readonly kind: 'reordering' | 'removal' | 'insertion' | 'await';
  /** From `workflows/` on. */
  readonly file: string;
  /** Whose histories are replayed; of a file of `process/`, whose are replayed first. */
  readonly workflow?: string;
  /** Once in the file. */
  readonly find: string;
  readonly replace: string;
}

type Change = Omit<Plant, 'file' | 'workflow'>;

function plantsIn(file: string, workflow: string | undefined, changes: readonly Change[]): readonly Plant[] {
  return changes.map((change) => ({ ...change, file, ...(workflow !== undefined && { workflow }) }));
}

const reordering = (name: string, find: string, replace: string): Change => ({
  kind: 'reordering',
  name,
  find,
  replace,
});
const removal = (name: string, find: string, replace = ''): Change => ({ kind: 'removal', name, find, replace });
const insertion = (name: string, find: string, replace: string): Change => ({ kind: 'insertion', name, find, replace });
const waiting = (name: string, find: string, replace: string): Change => ({ kind: 'await', name, find, replace });

export const PLANTS: readonly Plant[] = [
  ...plantsIn('course-completion.ts', 'courseCompletion', [
    reordering(
      'the statement is sent before the certificate is stored',
      `    () => storeCertificate(process, data),
    () => storeStatement(process, data, policy),
`,
      `    () => storeStatement(process, data, policy),
    () => storeCertificate(process, data),
`,
    ),
    removal('no training status is recorded', `    () => recordTraining(process, data),\n`),
    removal(
      'a retake records no better score',
      `if (recorded.answer.improved === true) await recordTraining(process, data);`,
    ),
    insertion(
      'the statement is sent twice',
      `    () => storeStatement(process, data, policy),\n`,
      `    () => storeStatement(process, data, policy),\n    () => storeStatement(process, data, policy),\n`,
    ),
    waiting(
      'the certificate is waited for before the rest',
      `  await sideBySide(
    () => storeCertificate(process, data),\n`,
      `  await storeCertificate(process, data);\n  await sideBySide(\n`,
    ),
  ]),
  ...plantsIn('housekeeping.ts', 'housekeeping', [
    reordering(
      'Salesforce gets its progress before digests are sent',
      `  const digests = await sendDigests(snapshot);
  const progress = await bringProgress(snapshot.modes, (synced) => {
    const parts = [describe(pruned), describeQuiet(quiet), describeWebhook(webhook), describeProgress(synced)];
    setCurrentDetails(parts.join('\\n\\n'));
  });
`,
      `  const progress = await bringProgress(snapshot.modes, (synced) => {
    const parts = [describe(pruned), describeQuiet(quiet), describeWebhook(webhook), describeProgress(synced)];
    setCurrentDetails(parts.join('\\n\\n'));
  });
  const digests = await sendDigests(snapshot);
`,
    ),
    removal('no digest is sent', `await sendDigests(snapshot)`, `snapshot.policy.administrators.length`),
    insertion(
      'Salesforce is asked though it is off',
      `  if (mode === 'off') return undefined;
  let progress`,
      `  let progress`,
    ),
    waiting(
      'what is gone is closed beside the pruning',
      `  await untilDone(async () => {
    const { more, ...counts } = await pruneLedger`,
      `  await readPolicySnapshot.executeWithOptions({ summary: 'Read the policy' }, []);
  await untilDone(async () => {
    const { more, ...counts } = await pruneLedger`,
    ),
  ]),
  ...plantsIn('module-progress.ts', 'moduleProgress', [
    reordering(
      'what contradicts is recorded after it is kept',
      `  const recorded = await recordEvent(delivery, progressedFact(delivery), { begins: true });
  if (recorded.outcome !== 'new') {
`,
      `  await quarantineConflict({ outcome: 'duplicate', first: '', conflict: true }, delivery, body);
  const recorded = await recordEvent(delivery, progressedFact(delivery), { begins: true });
  if (recorded.outcome !== 'new') {
`,
    ),
    removal('what contradicts is not kept', `    await quarantineConflict(recorded, delivery, body);\n`),
    removal('nobody hears of a first progress', `  await signalSettled(recorded.settles);\n`),
    insertion(
      'the event is recorded twice',
      `  await signalSettled(recorded.settles);\n`,
      `  await signalSettled(recorded.settles);\n  await recordEvent(delivery, progressedFact(delivery));\n`,
    ),
  ]),
  ...plantsIn('onboarding.ts', 'onboarding', [
    reordering(
      'the welcome is written before the groups are joined',
      `  for (const group of programs.groups()) await joinGroup(process, { step: 'joinProgram', person, group });
  await process.notifyLearner('welcome', { kind: 'welcome', role });
`,
      `  await process.notifyLearner('welcome', { kind: 'welcome', role });
  for (const group of programs.groups()) await joinGroup(process, { step: 'joinProgram', person, group });
`,
    ),
    reordering(
      'groups are left before others are joined',
      `    for (const group of joined) await joinGroup(process, { step: 'joinProgram', person, group });
    for (const group of left) await leaveGroup(process, { step: 'leaveProgram', person, group });
`,
      `    for (const group of left) await leaveGroup(process, { step: 'leaveProgram', person, group });
    for (const group of joined) await joinGroup(process, { step: 'joinProgram', person, group });
`,
    ),
    removal(
      'whoever has moved is not notified',
      `    await process.notifyLearner('notifyOfMove', { kind: 'moved', role: now.role });\n`,
    ),
    removal(
      'an undo does not end the case',
      `    beforeUndo: () => askLedger('endCase', 'No other hire joins', ownRun().workflowId),\n`,
    ),
    insertion(
      'groups are made to fit at the end',
      `  await condition(move.isIdle);\n`,
      `  await condition(move.isIdle);\n  await programs.fit();\n`,
    ),
    waiting(
      'the contact is linked before the groups are joined',
      `  process.inBackground(async () => {
    await linkContact(process, hire);
  });
`,
      `  await linkContact(process, hire);\n`,
    ),
  ]),
  ...plantsIn('quiz-coaching.ts', 'quizCoaching', [
    reordering(
      'the next person is notified before the time is over',
      `    if (isWoken) hasNext = true;
    else {`,
      `    if (!isWoken) hasNext = true;
    else {`,
    ),
    removal('whoever has to coach is not notified', `    else await notify(coaching, found);\n`),
    insertion(
      'a retake that came first still notifies',
      `  if (recorded.settledBy?.signal === 'retaken') return 'retaken';\n`,
      ``,
    ),
    waiting(
      'the notification is waited for',
      `    found = await process.people.next();
    if (found === null)`,
      `    const next = await process.people.next();
    if (next !== null) await notify(coaching, next);
    found = next;
    if (found === null)`,
    ),
  ]),
  ...plantsIn('offboarding/index.ts', 'offboarding', [
    reordering(
      'the archive comes before the access ends',
      `  const hasLeftGroups = await endAccess(departure, person);
  await stopTimer();
`,
      `  await process.steps.write({
    system: 'archive',
    step: 'archive',
    title: 'Archive what is known of the person',
    call: (context, options) => archive.archivePerson.executeWithOptions(options, [context, data.userId]),
  });
  const hasLeftGroups = await endAccess(departure, person);
  await stopTimer();
`,
    ),
    removal(
      'groups that were joined late stay',
      `...(hasLeftGroups ? [() => leaveLateGroups(departure, person)] : [])`,
    ),
    removal(
      'the ledger keeps the leaver when it is undone',
      `    beforeUndo: () => askLedger('reinstateLearner', 'Not a leaver', { userId, eventId }),\n`,
    ),
    insertion(
      'the account of another is looked for once more',
      `  const person = await process.people.person();
  const hasLeftGroups`,
      `  await askLedger('findSharers', 'Who else?', { userId: data.userId, emails: [] });
  const person = await process.people.person();
  const hasLeftGroups`,
    ),
    waiting(
      'the clock of the access starts after the guards',
      `      const stopTimer = deactivatesAt === null ? await untilLeaving(departure, start) : undefined;\n`,
      `      await askLedger('findSharers', 'Who else?', { userId, emails: [] });
      const stopTimer = deactivatesAt === null ? await untilLeaving(departure, start) : undefined;\n`,
    ),
  ]),
  ...plantsIn('offboarding/access.ts', 'offboarding', [
    reordering(
      'groups are left before the sign-in is frozen',
      `  const frozen = await freeze(process, person);
  await untilNotifiedHaveEnded(leaver);
  await beforeStep();
  return [frozen, await leaveGroups(process, person, 'leaveGroups', 'Leave all groups')];
`,
      `  const left = await leaveGroups(process, person, 'leaveGroups', 'Leave all groups');
  const frozen = await freeze(process, person);
  await untilNotifiedHaveEnded(leaver);
  await beforeStep();
  return [frozen, left];
`,
    ),
    reordering(
      'Slack comes before the CRM',
      `    () => beforeStep().then(() => freezeInCrm(process, person)),
    () => beforeStep().then(() => deactivateSlack(process, person)),
`,
      `    () => beforeStep().then(() => deactivateSlack(process, person)),
    () => beforeStep().then(() => freezeInCrm(process, person)),
`,
    ),
    removal('those who were notified are not waited for', `  await untilNotifiedHaveEnded(leaver);\n`),
    waiting(
      'the CRM is waited for before Slack',
      `    () => beforeStep().then(() => freezeInCrm(process, person)),
    () => beforeStep().then(() => deactivateSlack(process, person)),
`,
      `    () =>
      beforeStep()
        .then(() => freezeInCrm(process, person))
        .then(() => deactivateSlack(process, person)),
    () => Promise.resolve(),
`,
    ),
  ]),
  ...plantsIn('offboarding/guards.ts', 'offboarding', [
    removal(
      'the limit of an hour is not asked for',
      `    if (isAdmitted || (await askLedger('admitLeaver', 'Within the limit of an hour?', eventId))) return;\n`,
      `    if (isAdmitted || eventId !== '') return;\n`,
    ),
  ]),
  ...plantsIn('offboarding/rehire.ts', 'offboarding', [
    removal('a departure after a hire is not confirmed', `    await confirmDeparture(hire);\n`),
  ]),
  ...plantsIn('quarantine/index.ts', 'quarantine', [
    removal(
      'nobody asks what became of the first',
      `      if (asks) process.inBackground(() => resolve(process, delivery, body, decision));\n`,
    ),
    removal('a redrive ends its case', `    goesOn: (outcome) => outcome === 'redriven',\n`),
    removal('the alert goes on when it is decided', `.finally(stopAlert)`),
    insertion(
      'the body is read twice before it runs again',
      `      const reread = await readAgain(envelope, delivery);\n`,
      `      await readAgain(envelope, delivery);\n      const reread = await readAgain(envelope, delivery);\n`,
    ),
    waiting(
      'what became of the first is waited for',
      `      if (asks) process.inBackground(() => resolve(process, delivery, body, decision));\n`,
      `      if (asks) await resolve(process, delivery, body, decision);\n`,
    ),
  ]),
  ...plantsIn('recertification/index.ts', 'recertification', [
    reordering(
      'what the lapse took is given back before the CRM is marked',
      `  if (open.process.steps.isOn('salesforce')) mark(open, 'required');
  if (open.lapsed === null) return;
  await giveBack(open, open.lapsed);
`,
      `  if (open.lapsed === null) {
    if (open.process.steps.isOn('salesforce')) mark(open, 'required');
    return;
  }
  await giveBack(open, open.lapsed);
  if (open.process.steps.isOn('salesforce')) mark(open, 'required');
`,
    ),
    removal('a lapse is not marked in the CRM', `    mark(open, 'lapsed');\n`),
    insertion(
      'a deadline that was moved is marked twice',
      `  if (open.process.steps.isOn('salesforce')) mark(open, 'required');\n`,
      `  if (open.process.steps.isOn('salesforce')) mark(open, 'required');\n  if (open.process.steps.isOn('salesforce')) mark(open, 'required');\n`,
    ),
    waiting(
      'the case is opened before the CRM is marked',
      `    process.inBackground(() => openCase(open, news.deadline));\n`,
      `    await openCase(open, news.deadline);\n`,
    ),
  ]),
  ...plantsIn('recertification/steps.ts', 'recertification', [
    reordering(
      'the group of those who have to renew is left before the other is joined',
      `      joinGroup(process, { step: 'joinCertified', person, group: groups.certified }).then(() =>
        leaveGroup(process, { step: 'leaveRecertificationRequired', person, group, unlessOpen: 'recertification' }),
      ),
`,
      `      leaveGroup(process, { step: 'leaveRecertificationRequired', person, group, unlessOpen: 'recertification' }).then(() =>
        joinGroup(process, { step: 'joinCertified', person, group: groups.certified }),
      ),
`,
    ),
    removal('another learner of the account is not asked about', `  await createSharedAccount(process).answered();\n`),
    waiting(
      'the CRM is waited for before the groups change',
      `  await sideBySide(
    () =>
      joinGroup(process, { step: 'joinCertified'`,
      `  await markCertificate(process, certName, 'certified', null);
  await sideBySide(
    () =>
      joinGroup(process, { step: 'joinCertified'`,
    ),
  ]),
  ...plantsIn('process/lifecycle.ts', 'recertification', [
    reordering(
      'the learner is looked up before the event is recorded',
      `  const { policySnapshot, known, ...begun } = await beginCase(`,
      `  await askLedgerAlone('findLearner', 'Who is it?', options.userId);
  const { policySnapshot, known, ...begun } = await beginCase(`,
    ),
    removal('what settles is not signalled', `    await signalSettled(recorded.settles);\n`),
    waiting(
      'the case is closed after its last notifications',
      `  if (goesOn?.(outcome) !== true) {
    const final`,
      `  await notifications.finish();
  if (goesOn?.(outcome) !== true) {
    const final`,
    ),
  ]),
  ...plantsIn('process/steps.ts', 'offboarding', [
    reordering(
      'people are notified after the step is decided',
      `      const stopNotifying = onParked(step, step.endsAccess === true ? { ...tried, shared: undefined } : tried);
      const decision = await untilDecided({ decisions, recorder }, step, tried, call).finally(stopNotifying);
`,
      `      const decision = await untilDecided({ decisions, recorder }, step, tried, call);
      onParked(step, step.endsAccess === true ? { ...tried, shared: undefined } : tried)();
`,
    ),
  ]),
  ...plantsIn('process/alerts.ts', 'recertification', [
    removal(
      'an alert that nobody got is kept',
      `    if (!(await alertAll(notification))) await askLedger('releaseAlert', 'Nobody could be notified', own);\n`,
      `    await alertAll(notification);\n`,
    ),
  ]),
  ...plantsIn('process/escalation-chain.ts', 'quizCoaching', [
    removal(
      'who has left is not asked',
      `    for (const address of await findInactive(others.map(({ to }) => keyOf(to)))) unfit.add(address);\n`,
      `    void others;\n`,
    ),
  ]),
  ...plantsIn('process/event-intake.ts', 'offboarding', [
    waiting(
      'one after the other is signalled',
      `  await Promise.all(settles.map(({ workflowId, news }) => signalOne(workflowId, news)));\n`,
      `  for (const { workflowId, news } of settles) await signalOne(workflowId, news);\n`,
    ),
  ]),
  ...plantsIn('process/activity-proxies.ts', 'recertification', [
    reordering(
      'the ledger is asked by a local activity beside others',
      `  return (ledgerQueue[name] as Step<K>).executeWithOptions({ summary }, args);\n`,
      `  return (localLedger[name] as Step<K>).executeWithOptions({ summary }, args);\n`,
    ),
  ]),
  ...plantsIn('process/look-ups.ts', 'recertification', [
    insertion(
      'the ledger is asked again for what it said a moment ago',
      `Date.now() - last.at < COUNTS_FOR`,
      `Date.now() - last.at < 0`,
    ),
    removal(
      'what the first step brought is not used',
      `      if (known.learner !== undefined) learner.know(null, known.learner);\n`,
    ),
    removal(
      'an answer that may have been put right still counts',
      `      for (const answers of [learner, unfit, sharers]) answers.forget();\n`,
    ),
  ]),
  ...plantsIn('process/publisher.ts', 'recertification', [
    insertion(
      'what it is searched for by is published with every change',
      `    if (changed.length > 0) upsertSearchAttributes`,
      `    if (changed.length >= 0) upsertSearchAttributes`,
    ),
    insertion(
      'the memo is written with every change',
      `  if (now !== before) upsertMemo`,
      `  if (now !== before || now === before) upsertMemo`,
    ),
    removal('nothing is published of what it needs', `  if (now !== before) upsertMemo({ [LISTED_REST]: memo });\n`),
  ]),
];
