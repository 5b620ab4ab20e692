CREATE TABLE IF NOT EXISTS items (
    id            INTEGER PRIMARY KEY,   -- order of first saving
    identity      TEXT NOT NULL UNIQUE,
    platform      TEXT NOT NULL,
    kind          TEXT NOT NULL,
    depth         INTEGER NOT NULL,
    category      TEXT,
    subcategory   TEXT,
    language      TEXT,
    author        TEXT,
    root          TEXT,                  -- of a comment: what it stands under
    quality       REAL,                  -- in [0, 1]
    needs_review  INTEGER NOT NULL,
    classified_at TEXT,
    published_at  TEXT,
    fetched_at    TEXT NOT NULL,
    body          TEXT NOT NULL          -- Item.to_dict() as JSON
) STRICT;
CREATE INDEX IF NOT EXISTS items_by_category ON items (category, fetched_at);
CREATE INDEX IF NOT EXISTS items_by_fetched_at ON items (fetched_at);
CREATE INDEX IF NOT EXISTS items_by_platform ON items (platform, fetched_at);
CREATE INDEX IF NOT EXISTS items_by_kind ON items (kind, fetched_at);
CREATE INDEX IF NOT EXISTS items_by_language ON items (language, fetched_at) WHERE language IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_subcategory ON items (subcategory, fetched_at) WHERE subcategory IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_needs_review ON items (needs_review, fetched_at);
CREATE INDEX IF NOT EXISTS items_by_author ON items (author, fetched_at) WHERE author IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_author_published ON items (author, published_at) WHERE author IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_category_published ON items (category, published_at) WHERE category IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_published_at ON items (published_at) WHERE published_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_by_root ON items (root) WHERE root IS NOT NULL;
CREATE INDEX IF NOT EXISTS items_unclassified ON items (id) WHERE classified_at IS NULL;
CREATE INDEX IF NOT EXISTS items_unclassified_by_kind ON items (kind, classified_at) WHERE classified_at IS NULL;
CREATE INDEX IF NOT EXISTS items_by_depth ON items (depth);
CREATE TABLE IF NOT EXISTS raw (
    identity TEXT PRIMARY KEY REFERENCES items (identity),
    body     BLOB NOT NULL               -- gzip
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS terms USING fts5 (title, text, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE IF NOT EXISTS proposals (
    identity TEXT PRIMARY KEY,           -- parent/key
    body     TEXT NOT NULL               -- items.Proposal as JSON
) STRICT, WITHOUT ROWID;
