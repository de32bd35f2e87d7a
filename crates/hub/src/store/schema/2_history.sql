-- What a grant is for, and whether it was made for a guest.
ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN guest INTEGER NOT NULL DEFAULT 0;

-- How streams' sources stood. A problem is kept as the API tells it, in JSON.
CREATE TABLE history (
    id      INTEGER PRIMARY KEY,
    stream  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    state   TEXT    NOT NULL,
    problem TEXT
) STRICT;

CREATE INDEX history_of_stream ON history (stream, id);

PRAGMA user_version = 2;
