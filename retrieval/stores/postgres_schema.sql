-- Version 1: a library of documents and passages, in a schema of its own. Text sorts by code point, as in every library.
-- The table `vectors` is made with the first document (postgres_vectors.py): its width is the embedder's.

CREATE TABLE meta (
    key text PRIMARY KEY,      -- schema, library, embedder, dimension
    value text NOT NULL
);

-- One row. Every transaction that adds or removes documents raises `change` last of all, and keeps the row locked until
-- it is committed: numbers become visible in the order in which they are given, so that whoever has seen number n misses
-- nothing below it. (A sequence gives no such promise: a transaction may commit after one with a higher number.)
CREATE TABLE state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    change bigint NOT NULL DEFAULT 0
);

CREATE TABLE documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change bigint,             -- that added it; NULL only inside the transaction that writes it
    doc_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    collection text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    company text COLLATE "C" NOT NULL,
    short_name text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    year integer,
    period text COLLATE "C" NOT NULL,
    content_hash text COLLATE "C" NOT NULL,
    recipe text COLLATE "C" NOT NULL,
    pages integer NOT NULL,
    chunks integer NOT NULL,
    ocr_pages integer NOT NULL,
    image_pages integer NOT NULL,
    ingested_at text NOT NULL,
    warnings text NOT NULL     -- JSON list
);

-- Not unique while a document is being written, so that nobody waits for anybody until the end.
CREATE UNIQUE INDEX documents_by_doc_id ON documents (doc_id) WHERE change IS NOT NULL;
CREATE UNIQUE INDEX documents_by_path ON documents (collection, path) WHERE change IS NOT NULL;
CREATE INDEX documents_by_content ON documents (content_hash);
CREATE INDEX documents_by_change ON documents (change);

CREATE TABLE pages (
    document bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number integer NOT NULL,
    text text NOT NULL,
    width double precision NOT NULL,
    height double precision NOT NULL,
    origin text NOT NULL,
    layout bytea NOT NULL,     -- lines and character positions, see page_codec.py
    PRIMARY KEY (document, number)
);

CREATE SEQUENCE chunk_numbers; -- never gives a number twice, not even after a rollback

CREATE TABLE chunks (
    seq bigint PRIMARY KEY,
    document bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    id text NOT NULL,
    page integer NOT NULL,
    start integer NOT NULL,
    "end" integer NOT NULL,
    text text NOT NULL,
    kind text NOT NULL,
    section text NOT NULL,     -- JSON list
    context text NOT NULL
);

CREATE INDEX chunks_by_document ON chunks (document, seq);

-- What derived indexes still have to forget.
CREATE TABLE removed (
    seq bigint PRIMARY KEY,
    change bigint NOT NULL
);

CREATE INDEX removed_by_change ON removed (change);

-- Also for whoever deletes documents by hand.
CREATE FUNCTION remember_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH raised AS (UPDATE state SET change = change + 1 RETURNING change)
    INSERT INTO removed (seq, change) SELECT gone.seq, raised.change FROM gone CROSS JOIN raised;
    RETURN NULL;
END
$$;

CREATE TRIGGER chunks_removed AFTER DELETE ON chunks
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION remember_removed();

INSERT INTO state DEFAULT VALUES;
INSERT INTO meta (key, value) VALUES ('schema', '1'), ('library', replace(gen_random_uuid()::text, '-', ''));
