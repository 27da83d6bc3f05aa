/** The first migration. Once it has been released it is never changed: `tables.ts` has those that follow. */
export const FIRST_TABLES = `
      create table receipts (
        event_id text primary key,
        signature_digest text not null unique,
        body_digest text not null,
        event text,
        workflow_id text not null,
        first_run_id text not null,
        user_id text,
        signed_at timestamptz not null,
        received_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        applied_at timestamptz,
        closed_at timestamptz,
        admitted_at timestamptz,
        answer jsonb not null default '{}',
        outcome text,
        seen_at timestamptz
      );
      create index receipts_workflow on receipts (workflow_id);
      create index receipts_user on receipts (user_id);
      create index receipts_admitted on receipts (admitted_at) where admitted_at is not null;
      create index receipts_closed on receipts (closed_at) where closed_at is not null;
      create index receipts_stale on receipts (coalesce(seen_at, recorded_at)) where closed_at is null;

      create table learners (
        user_id text primary key,
        email text,
        role text,
        team_id text,
        manager_email text,
        provisioned_at timestamptz
      );
      create index learners_email on learners (lower(email));

      create table departures (
        event_id text primary key,
        user_id text not null,
        reason text not null,
        at timestamptz not null,
        withdrawn_by text
      );
      create index departures_user on departures (user_id);

      create table completions (
        event_id text primary key,
        user_id text not null,
        course_id text not null,
        course_name text not null,
        score double precision not null,
        at timestamptz not null,
        settled jsonb not null default '{}'
      );
      create index completions_user on completions (user_id, course_id);

      create table quiz_results (
        event_id text primary key,
        user_id text not null,
        quiz_id text not null,
        quiz_name text not null,
        result text not null,
        percent double precision,
        at timestamptz not null
      );
      create index quiz_results_user on quiz_results (user_id);

      create table progress (
        user_id text not null,
        module_id text not null,
        module_name text not null,
        percent double precision not null,
        seconds double precision not null,
        at timestamptz not null,
        event_id text not null,
        sync_at timestamptz default now(),
        sync_refusal text,
        primary key (user_id, module_id)
      );
      create index progress_due on progress (sync_at) where sync_at is not null;

      create table expiries (
        event_id text primary key,
        user_id text not null,
        cert_key text not null,
        cert_name text not null,
        at timestamptz not null,
        deadline timestamptz not null
      );
      create index expiries_user on expiries (user_id);

      create table open_workflows (
        workflow_id text primary key,
        user_id text not null,
        kind text not null,
        key text not null,
        opened_by timestamptz not null,
        opened_at timestamptz not null default now(),
        closed_at timestamptz,
        gone boolean not null default false,
        seen_at timestamptz,
        share_released boolean not null default false
      );
      create index open_workflows_user on open_workflows (user_id) where closed_at is null;
      create index open_workflows_stale on open_workflows (coalesce(seen_at, opened_at)) where closed_at is null;

      create table effects (
        workflow_id text not null,
        step text not null,
        system text not null,
        natural_key text not null,
        event_id text not null,
        user_id text,
        mode text not null check (mode in ('observe', 'on')),
        status text not null check (status in ('pending', 'done', 'observed', 'failed')),
        would jsonb not null,
        before jsonb,
        result jsonb,
        actor text,
        reason text,
        begun_at timestamptz not null default now(),
        finished_at timestamptz,
        attempts integer not null default 1,
        primary key (workflow_id, step, system, natural_key)
      );
      create index effects_user on effects (user_id);

      create table replays (
        event_id text primary key,
        first text not null,
        body_digest text not null,
        recorded_at timestamptz not null default now()
      );
      create index replays_recorded on replays (recorded_at);

      create table refusals (
        minute timestamptz not null,
        rule text not null,
        address text not null,
        cause text not null,
        status integer not null,
        count integer not null,
        skew_seconds double precision,
        signature_length integer,
        timestamp_length integer,
        body_length integer,
        first_at timestamptz not null,
        last_at timestamptz not null,
        primary key (minute, rule, address, cause)
      );

      create table alerts (
        cause text primary key,
        workflow_id text not null,
        step text not null,
        round integer not null,
        notified_at timestamptz not null default now()
      );
      create table alert_cases (
        workflow_id text not null,
        step text not null,
        cause text not null,
        about text not null,
        since timestamptz not null default now(),
        primary key (workflow_id, step)
      );
      create index alert_cases_cause on alert_cases (cause, since);
    `;
