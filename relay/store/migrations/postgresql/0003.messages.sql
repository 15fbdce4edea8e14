-- depends: 0002.rooms

-- What was said in groups of ours. "life": 0, and one more each time the group was made again under the same id; "seq"
-- is Tencent's number, from 1 in each life. "state": see relay/talk/models.py. "changed_at": when it was edited or recalled.
create table if not exists messages (
    group_id text not null,
    life integer not null,
    seq bigint not null,
    sender text not null,
    said_at double precision not null,
    random bigint not null,
    elements text not null,
    state text not null,
    changed_at double precision not null,
    primary key (group_id, life, seq)
);

create index if not exists messages_of_sender on messages (sender);

-- Later lives of groups: what was said before "began" belongs to an earlier one. A group's first life has no row.
create table if not exists lives (
    group_id text not null,
    life integer not null,
    began double precision not null,
    primary key (group_id, life)
);

-- Who came ("joined") and went ("left").
create table if not exists attendance (
    group_id text not null,
    at double precision not null,
    user_id text not null,
    what text not null,
    primary key (group_id, at, user_id, what)
);

-- Groups of whose talk something was not heard, so that Tencent is to be asked; "due" as everywhere.
create table if not exists gaps (
    group_id text primary key,
    due double precision not null,
    attempts integer not null
);

-- Names of agents, as Salesforce last told them.
create table if not exists names (
    user_id text primary key,
    name text not null
);

-- Transcripts: these messages of a group are, or are to be, a file on the Case; once begun, always the same ones.
create table if not exists archives (
    group_id text not null,
    life integer not null,
    first bigint not null,
    last bigint not null,
    since double precision not null,
    until double precision not null,
    done integer not null,
    primary key (group_id, life, first)
);

-- What the relay is yet to say, in order for each group; "sender": in whose name, '' for its own; "about": whose name
-- stands in the text.
create table if not exists outbox (
    saying_id bigint generated always as identity primary key,
    group_id text not null,
    sender text not null,
    random bigint not null,
    text text not null,
    about text not null,
    claim integer not null,
    attempts integer not null,
    due double precision not null
);

create index if not exists outbox_of_group on outbox (group_id, saying_id);
