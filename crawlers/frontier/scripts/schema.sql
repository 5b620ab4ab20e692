-- One crawl's frontier in a file (crawlers/frontier/sqlite_queue.py); times are ms since 1970.
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE workers (
    worker TEXT PRIMARY KEY,
    beat_at INTEGER,     -- null once it was given up for dead
    sequence INTEGER     -- of the last exchange that was applied
) STRICT, WITHOUT ROWID;
CREATE TABLE seen (
    fingerprint INTEGER PRIMARY KEY,  -- 63 bits
    depth INTEGER NOT NULL            -- the smallest it was found at
) STRICT;
-- Queued and in flight. A request keeps its id, so what is given back takes its old place again.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    depth INTEGER NOT NULL,
    host TEXT NOT NULL,
    history TEXT NOT NULL DEFAULT '',  -- ms@worker@why of each failure, parted by commas
    path TEXT NOT NULL,
    worker TEXT,                       -- who has it on loan,
    lease INTEGER,                     -- under which number,
    leased_at INTEGER,                 -- since when
    body BLOB NOT NULL
) STRICT;
CREATE INDEX queued ON requests (depth, host, id) WHERE lease IS NULL;
CREATE INDEX leased ON requests (worker, lease) WHERE lease IS NOT NULL;
CREATE TABLE set_aside (               -- dead letters and pruned requests
    id INTEGER PRIMARY KEY,
    why TEXT NOT NULL CHECK (why IN ('dead', 'pruned')),
    depth INTEGER NOT NULL,
    host TEXT NOT NULL,
    history TEXT NOT NULL,
    path TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX letters ON set_aside (id) WHERE why = 'dead';
CREATE TABLE levels (
    depth INTEGER PRIMARY KEY,
    queued INTEGER NOT NULL,
    in_flight INTEGER NOT NULL,
    done INTEGER NOT NULL,
    pruned INTEGER NOT NULL,
    dead INTEGER NOT NULL
) STRICT;
CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    delay_ms INTEGER,                  -- null = the setting
    next_at INTEGER NOT NULL DEFAULT 0,
    in_flight INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    pruned INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (                 -- hosts that have queued requests of a depth
    depth INTEGER NOT NULL,
    host TEXT NOT NULL,
    free_at INTEGER NOT NULL,          -- 1e15 while it has as many under way as it may
    queued INTEGER NOT NULL,
    PRIMARY KEY (depth, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX next_free ON waiting (depth, free_at, host);
CREATE TABLE pruned (node TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
