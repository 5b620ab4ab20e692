CREATE TABLE IF NOT EXISTS texts (
    id        INTEGER PRIMARY KEY,   -- order of arrival
    identity  TEXT NOT NULL UNIQUE,
    thread    TEXT NOT NULL,
    digest    INTEGER NOT NULL,
    signature BLOB NOT NULL,         -- 64 uint16, this machine's byte order
    twin      TEXT,                  -- identity of the earliest text like this one
    likeness  REAL
) STRICT;
CREATE INDEX IF NOT EXISTS texts_by_digest ON texts (digest);
CREATE INDEX IF NOT EXISTS texts_by_twin ON texts (twin) WHERE twin IS NOT NULL;
CREATE TABLE IF NOT EXISTS bands (
    band INTEGER NOT NULL,
    text INTEGER NOT NULL,
    PRIMARY KEY (band, text)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS groups (   -- threads that hold copies of one another; a forest
    thread TEXT PRIMARY KEY,
    parent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS groups_by_parent ON groups (parent);
