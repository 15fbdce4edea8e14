-- depends: 0001.tickets-and-commands

-- What Salesforce says of a Case that has, or may yet have, a ticket: the newest state only.
-- "pending": this state was not applied to the group yet. "ask": two states bore the same stamp, Salesforce is to decide.
-- "dismiss_at": the Case is closed, and its group is dismissed then. "gone": the relay has dismissed the group.
create table if not exists rooms (
    case_id text primary key,
    state text not null,
    modstamp double precision not null,
    pending integer not null,
    ask integer not null,
    dismiss_at double precision,
    gone integer not null,
    seen_at double precision not null
);

create index if not exists rooms_pending on rooms (seen_at) where pending = 1;

-- Users whom the relay has put into a group, or was told to: "synced" because Salesforce named them, "joined" by
-- /joingroup, "left" by /leavegroup while Salesforce still names them.
create table if not exists members (
    group_id text not null,
    user_id text not null,
    why text not null,
    primary key (group_id, user_id)
);

create index if not exists tickets_of_case on tickets (case_id);
