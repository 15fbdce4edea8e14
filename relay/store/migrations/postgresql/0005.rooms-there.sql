-- depends: 0004.commands-due

-- Every second it is asked whose time has come, and the deep pass reads the rooms whose group is there: neither is to
-- look through all that ever were.
create index if not exists rooms_due on rooms (dismiss_at) where dismiss_at is not null and gone = 0 and pending = 0;
create index if not exists rooms_there on rooms (case_id) where gone = 0;
