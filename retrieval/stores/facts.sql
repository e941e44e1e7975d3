-- Version 2: facts. Only adds to version 1, so that it also brings an older library up to date.
BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS facts (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    company TEXT NOT NULL,     -- whom it is about: an imported table holds many companies
    short_name TEXT NOT NULL,
    code TEXT NOT NULL,
    year INTEGER NOT NULL,
    period TEXT NOT NULL,
    scope TEXT NOT NULL,
    field TEXT NOT NULL,
    value REAL,
    unit TEXT NOT NULL,
    text TEXT NOT NULL,
    raw TEXT NOT NULL,
    page INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    "row" TEXT NOT NULL,
    statement TEXT NOT NULL,
    "column" TEXT NOT NULL,
    confidence REAL NOT NULL,
    preference INTEGER NOT NULL -- of equal facts (company, year, period, scope, field) the lowest is to be believed
) STRICT;

CREATE INDEX IF NOT EXISTS facts_by_document ON facts (document);

-- What does one company state?
CREATE INDEX IF NOT EXISTS facts_by_company ON facts (company, field, year, period);

-- Which companies state most of a field in a year? Answered from the index alone.
CREATE INDEX IF NOT EXISTS facts_by_field
ON facts (field, year, period, scope, company, preference, value, document);

-- Which companies state words such as an address? Numbers would make it ten times as large.
CREATE INDEX IF NOT EXISTS facts_by_text ON facts (field, year, text, company) WHERE value IS NULL;

-- Whom a document's facts are about, so that names are found without reading facts; counts facts for listings.
CREATE TABLE IF NOT EXISTS fact_companies (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    company TEXT NOT NULL,
    short_name TEXT NOT NULL,
    code TEXT NOT NULL,
    year INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    PRIMARY KEY (document, company, year, short_name, code)
) STRICT, WITHOUT ROWID;

-- What query plans read. Rank on facts, whose index holds all that needs (2.5 ms for 3,300 companies, 4 ms through the
-- view), then look up the page by fact_id here. The ten companies of a city with most of a field, each by the value to
-- believe:
--   SELECT company, value, id, min(preference) FROM facts
--   WHERE field = ? AND year = ? AND period = ? AND scope = ? AND company IN
--     (SELECT company FROM facts WHERE value IS NULL AND field = ? AND year = ? AND text LIKE ?)
--   GROUP BY company ORDER BY value DESC LIMIT 10
CREATE VIEW IF NOT EXISTS fact_values AS
SELECT
    facts.id AS fact_id, facts.company, facts.short_name, facts.code, facts.year, facts.period, facts.scope,
    facts.field, facts.value, facts.unit, facts.text, facts.raw, facts.page, facts."row", facts.statement,
    facts."column", facts.confidence, facts.preference,
    documents.doc_id, documents.name AS document, documents.collection, documents.kind AS document_kind,
    documents.year AS document_year, documents.period AS document_period
FROM facts JOIN documents ON documents.id = facts.document;

INSERT INTO meta (key, value) VALUES ('schema', '2') ON CONFLICT (key) DO UPDATE SET value = '2' WHERE value = '1';

COMMIT;
