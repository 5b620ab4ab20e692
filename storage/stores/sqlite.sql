CREATE TABLE IF NOT EXISTS items (
    id            INTEGER PRIMARY KEY,   -- order of first saving
    identity      TEXT NOT NULL UNIQUE,
    platform      TEXT NOT NULL,
    kind          TEXT NOT NULL,
    depth         INTEGER NOT NULL,
    category      TEXT,
    needs_review  INTEGER NOT NULL,
    classified_at TEXT,
    fetched_at    TEXT NOT NULL,
    body          TEXT NOT NULL          -- Item.to_dict() as JSON
) STRICT;
CREATE INDEX IF NOT EXISTS items_by_category ON items (category, fetched_at);
CREATE INDEX IF NOT EXISTS items_by_fetched_at ON items (fetched_at);
CREATE INDEX IF NOT EXISTS items_unclassified ON items (id) WHERE classified_at IS NULL;
CREATE TABLE IF NOT EXISTS raw (
    identity TEXT PRIMARY KEY REFERENCES items (identity),
    body     BLOB NOT NULL               -- gzip
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5 (title, text, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE IF NOT EXISTS proposals (
    identity TEXT PRIMARY KEY,           -- parent/key
    body     TEXT NOT NULL               -- items.Proposal as JSON
) STRICT, WITHOUT ROWID;
