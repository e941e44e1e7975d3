-- Version 1: a library of documents and passages. Everything else in its folder is derived from this file.
BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS meta (
    key TEXT PRIMARY KEY,      -- schema, library, embedder, dimension
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY,
    doc_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    collection TEXT NOT NULL,
    language TEXT NOT NULL,
    company TEXT NOT NULL,
    short_name TEXT NOT NULL,
    code TEXT NOT NULL,
    year INTEGER,
    period TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    recipe TEXT NOT NULL,
    pages INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    ocr_pages INTEGER NOT NULL,
    image_pages INTEGER NOT NULL,
    ingested_at TEXT NOT NULL,
    warnings TEXT NOT NULL,    -- JSON list
    UNIQUE (collection, path)
) STRICT;

CREATE INDEX IF NOT EXISTS documents_by_content ON documents (content_hash);

CREATE TABLE IF NOT EXISTS pages (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    origin TEXT NOT NULL,
    layout BLOB NOT NULL,      -- lines and character positions, see page_codec.py
    PRIMARY KEY (document, number)
) STRICT;

-- AUTOINCREMENT: a number that was given back would let a derived index answer with the wrong passage.
CREATE TABLE IF NOT EXISTS chunks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    page INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    kind TEXT NOT NULL,
    section TEXT NOT NULL,     -- JSON list
    context TEXT NOT NULL,
    vector BLOB NOT NULL       -- float16, little-endian
) STRICT;

CREATE INDEX IF NOT EXISTS chunks_by_document ON chunks (document);

-- What derived indexes still have to forget.
CREATE TABLE IF NOT EXISTS removed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS chunk_removed AFTER DELETE ON chunks BEGIN
    INSERT INTO removed (seq) VALUES (old.seq);
END;

INSERT OR IGNORE INTO meta (key, value) VALUES ('schema', '1'), ('library', lower(hex(randomblob(16))));

COMMIT;
