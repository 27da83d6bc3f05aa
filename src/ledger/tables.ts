import { FIRST_TABLES } from './first-tables';

/**
 * In order. A migration that has been released is never changed, only followed by another. Times are the facts' own where
 * they have one.
 */
export const MIGRATIONS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'tables', sql: FIRST_TABLES },
  {
    name: 'effects that were undone',
    sql: `
      alter table effects drop constraint effects_status_check;
      alter table effects add constraint effects_status_check
        check (status in ('pending', 'done', 'observed', 'failed', 'undone'));
    `,
  },
  {
    name: 'claims that end before their workflow',
    sql: `
      alter table open_workflows add column is_ending boolean not null default false;
      alter table receipts add column ended_by jsonb;
      create index learners_account on learners (lower(btrim(email)));
    `,
  },
  {
    name: 'what people look up',
    sql: `
      create table notes (
        id bigint generated always as identity primary key,
        workflow_id text not null,
        text text not null,
        by text not null,
        at timestamptz not null default now()
      );
      create index notes_workflow on notes (workflow_id, id);
      create index departures_at on departures (at, event_id);
      create index open_workflows_kind on open_workflows (kind) where closed_at is null;
      create index receipts_received on receipts (received_at, event_id);
      create index effects_begun on effects (begun_at, workflow_id, step, system, natural_key);
      create index effects_observed on effects (system, begun_at) where mode = 'observe';
      create index completions_at on completions (at) include (user_id, course_id, score);
      create index completions_renewing on completions (at) where settled <> '{}';
      create index quiz_results_at on quiz_results (at) include (user_id, quiz_id, result, percent);
      create index progress_at on progress (at, user_id, module_id) include (percent);
      create index progress_module on progress (module_id, at, user_id) include (percent);
      create index learners_team on learners (team_id);
      create index learners_id_begins on learners ((user_id collate "C"));
      create index learners_address_begins on learners ((lower(email) collate "C"));
      create index learners_name_begins on learners ((substring(lower(email) from '([^._+-]*)@') collate "C"));
      create index learners_manager on learners (lower(manager_email)) where manager_email is not null;
    `,
  },
  {
    name: 'the state that a workflow ended with',
    sql: 'alter table receipts add column final jsonb;',
  },
  {
    name: 'the webhook and its health',
    sql: `
      create table webhook (
        is_ours boolean primary key default true check (is_ours),
        webhook_id text,
        url text,
        events jsonb not null default '{}',
        came jsonb not null default '[]',
        registered_at timestamptz,
        registered_by text,
        watched_at timestamptz,
        remote jsonb,
        is_ready boolean,
        ready_at timestamptz,
        outage_from timestamptz,
        outage_to timestamptz
      );
      create table webhook_incidents (
        id bigint generated always as identity primary key,
        kind text not null,
        event text,
        since timestamptz not null,
        says text not null,
        last_at timestamptz,
        begin_notice jsonb not null,
        begin_notified_at timestamptz,
        closed_at timestamptz,
        end_notice jsonb,
        end_notified_at timestamptz
      );
      create unique index webhook_incidents_open on webhook_incidents (kind, coalesce(event, '')) where closed_at is null;
    `,
  },
  {
    name: 'the modes of the connectors, as a worker has them',
    sql: 'create table connectors (system text primary key, mode text not null, noted_at timestamptz not null default now());',
  },
];
