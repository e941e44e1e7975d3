-- Version 3: conversations and feedback. Only adds to version 2, whose documents and facts it leaves alone.

CREATE TABLE conversations (
    owner text COLLATE "C" NOT NULL, -- name of an API key; empty for the user of this machine
    id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    summary text NOT NULL DEFAULT '',
    summarised integer NOT NULL DEFAULT 0, -- last turn that the summary covers
    created_at text COLLATE "C" NOT NULL,  -- ISO 8601, UTC
    changed_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, id)
);

CREATE TABLE turns (
    owner text COLLATE "C" NOT NULL,
    conversation text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    question text NOT NULL,
    standalone text NOT NULL,
    answer text NOT NULL,      -- the answer object, JSON
    asked_at text NOT NULL,
    PRIMARY KEY (owner, conversation, number),
    FOREIGN KEY (owner, conversation) REFERENCES conversations (owner, id) ON DELETE CASCADE
);

CREATE TABLE feedback (
    id text COLLATE "C" PRIMARY KEY,
    owner text NOT NULL,
    session text NOT NULL,     -- the conversation it was given in, which may be gone
    question text NOT NULL,
    answer text NOT NULL,      -- the answer object, JSON
    rating text NOT NULL CHECK (rating IN ('up', 'down')),
    comment text NOT NULL,
    correction text NOT NULL,
    created_at text COLLATE "C" NOT NULL
);

UPDATE meta SET value = '3' WHERE key = 'schema';
