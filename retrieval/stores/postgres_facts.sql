-- Version 2: facts. Only adds to version 1, so that it also brings an older library up to date.

CREATE TABLE facts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    company text COLLATE "C" NOT NULL, -- whom it is about: an imported table holds many companies
    short_name text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    year integer NOT NULL,
    period text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    value double precision,
    unit text NOT NULL,
    text text NOT NULL,
    raw text NOT NULL,
    page integer NOT NULL,
    start integer NOT NULL,
    "end" integer NOT NULL,
    "row" text NOT NULL,
    statement text NOT NULL,
    "column" text COLLATE "C" NOT NULL,
    confidence double precision NOT NULL,
    preference integer NOT NULL -- of equal facts (company, year, period, scope, field) the lowest is to be believed
);

CREATE INDEX facts_by_document ON facts (document);

-- What does one company state?
CREATE INDEX facts_by_company ON facts (company, field, year, period);

-- What does every company state of a field in a year? Answered from the index alone.
CREATE INDEX facts_by_field ON facts (field, year, period, company, preference, id)
INCLUDE (scope, value, document) WHERE value IS NOT NULL;

-- Which companies state words such as an address?
CREATE INDEX facts_by_text ON facts (field, year) WHERE value IS NULL;

-- Whom a document's facts are about, so that names are found without reading facts; counts facts for listings.
CREATE TABLE fact_companies (
    document bigint NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    company text COLLATE "C" NOT NULL,
    short_name text COLLATE "C" NOT NULL,
    code text COLLATE "C" NOT NULL,
    year integer NOT NULL,
    facts integer NOT NULL,
    PRIMARY KEY (document, company, year, short_name, code)
);

UPDATE meta SET value = '2' WHERE key = 'schema';
