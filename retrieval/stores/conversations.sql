-- Version 3: conversations and feedback. Only adds to version 2, whose documents and facts it leaves alone.
BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS conversations (
    owner TEXT NOT NULL,       -- name of an API key; empty for the user of this machine
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL DEFAULT '',
    summarised INTEGER NOT NULL DEFAULT 0, -- last turn that the summary covers
    created_at TEXT NOT NULL,  -- ISO 8601, UTC
    changed_at TEXT NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS turns (
    owner TEXT NOT NULL,
    conversation TEXT NOT NULL,
    number INTEGER NOT NULL,
    question TEXT NOT NULL,
    standalone TEXT NOT NULL,
    answer TEXT NOT NULL,      -- the answer object, JSON
    asked_at TEXT NOT NULL,
    PRIMARY KEY (owner, conversation, number),
    FOREIGN KEY (owner, conversation) REFERENCES conversations (owner, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    session TEXT NOT NULL,     -- the conversation it was given in, which may be gone
    question TEXT NOT NULL,
    answer TEXT NOT NULL,      -- the answer object, JSON
    rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    comment TEXT NOT NULL,
    correction TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

INSERT INTO meta (key, value) VALUES ('schema', '3') ON CONFLICT (key) DO UPDATE SET value = '3' WHERE value = '2';

COMMIT;
