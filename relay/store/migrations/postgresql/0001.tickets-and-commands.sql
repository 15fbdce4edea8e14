-- Times are Unix seconds. "due" is when an open row may be taken (over): the end of a lease, or of a pause between attempts.

create table if not exists tickets (
    ticket_id text primary key,
    body_hash text not null,
    user_id text not null,
    case_info text,
    case_id text,
    state text not null,
    problem text,
    holder text,
    abandoned integer not null,
    claim integer not null,
    attempts integer not null,
    due double precision not null,
    created_at double precision not null,
    ended_at double precision
);

create index if not exists tickets_open on tickets (due) where state = 'open';

create index if not exists tickets_to_blank on tickets (ended_at) where case_info is not null;

create table if not exists commands (
    command_id bigint generated always as identity primary key,
    verb text not null,
    group_id text not null,
    user_id text,
    state text not null,
    problem text,
    holder text,
    claim integer not null,
    attempts integer not null,
    due double precision not null,
    created_at double precision not null
);

create index if not exists commands_open on commands (group_id, command_id) where state = 'open';

create table if not exists notes (
    name text primary key,
    value text not null
);
