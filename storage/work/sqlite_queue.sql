CREATE TABLE IF NOT EXISTS jobs (
    identity TEXT PRIMARY KEY,
    state    TEXT NOT NULL,              -- queued, leased, parked, done
    at       INTEGER NOT NULL,           -- ms: queued = when its time comes, else since when
    number   INTEGER NOT NULL,           -- order among those of one instant
    lease    INTEGER NOT NULL DEFAULT 0, -- number of the last lease
    worker   TEXT NOT NULL DEFAULT '',
    left     TEXT NOT NULL,              -- steps, one a line
    finished TEXT NOT NULL DEFAULT '',
    payload  TEXT NOT NULL,              -- JSON
    failures INTEGER NOT NULL DEFAULT 0, -- since the last finished step
    deaths   INTEGER NOT NULL DEFAULT 0,
    history  TEXT NOT NULL DEFAULT ''    -- ms TAB worker TAB reason, one a line
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, at, number);
CREATE INDEX IF NOT EXISTS jobs_by_worker ON jobs (worker) WHERE state = 'leased';
CREATE TABLE IF NOT EXISTS workers (worker TEXT PRIMARY KEY, beat_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO meta VALUES ('seq', 0);
