/** How far a delivery's header time may be after the fact: `orderOf` in src/domain. */
const UNPROVEN = `interval '7 hours 20 minutes'`;

/** Of table `learners` as `l`: they have left, and no hire since is proven. */
export const HAS_LEFT = `exists (
  select from departures d where d.user_id = l.user_id and d.withdrawn_by is null and d.at <= now()
    and (l.provisioned_at is null or l.provisioned_at <= d.at + ${UNPROVEN}))`;
