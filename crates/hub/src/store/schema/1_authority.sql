-- Who this hub is, and whether somebody owns it.
CREATE TABLE hub (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    id         TEXT    NOT NULL,
    pkcs8      BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    claimed_at INTEGER
) STRICT;

-- Claim links made by `lenswire token claim`; those printed at start live in memory.
CREATE TABLE claims (
    hash       BLOB    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;

-- Tokens that people made: an administrator's is opaque and known by its hash, a program's grant is
-- signed and known by its number (jti).
CREATE TABLE tokens (
    id         TEXT    PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('administrator', 'grant')),
    name       TEXT    NOT NULL,
    hash       BLOB    UNIQUE,
    streams    TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    CHECK ((kind = 'administrator') = (hash IS NOT NULL))
) STRICT;

-- Browsers that are signed in; those that a token let in go with it.
CREATE TABLE logins (
    hash       BLOB    PRIMARY KEY,
    token      TEXT    REFERENCES tokens (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 1;
