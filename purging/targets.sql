CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS targets (   -- what is purged
    identity TEXT PRIMARY KEY,
    text     TEXT                      -- digest of what it says, NULL if nothing
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS authors (   -- whose all is purged
    platform TEXT NOT NULL,
    name     TEXT NOT NULL,            -- case folded
    PRIMARY KEY (platform, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS comments (  -- all comments, until it is known which are purged
    identity TEXT PRIMARY KEY,
    root     TEXT,
    parent   TEXT,
    text     TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named (     -- who names which media file, until it is known which go
    key      TEXT NOT NULL,
    identity TEXT NOT NULL,
    PRIMARY KEY (key, identity)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (     -- media files that nobody else names
    key TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
