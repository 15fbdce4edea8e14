-- depends: 0005.rooms-there

-- Transcripts that are being written to their Cases, and since when: what a relay that was killed had sent may still be
-- on its way.
create table if not exists archiving (
    group_id text not null,
    life integer not null,
    first bigint not null,
    begun double precision not null,
    primary key (group_id, life, first)
);
