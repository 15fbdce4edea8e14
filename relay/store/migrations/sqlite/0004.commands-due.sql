-- depends: 0003.messages

-- Who looks for work reads the first few that are due, not all that wait.
create index if not exists commands_due on commands (due) where state = 'open';
