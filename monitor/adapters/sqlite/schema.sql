-- The embedded ledger, version 1. Later versions are migrations behind this file (database.py).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
-- head: seq of the newest event; bytes: size of all events held; epoch:<shard>: raised by every opening; position:<name>: how far the shard has read.
INSERT INTO meta (key, value) VALUES ('head', 0), ('bytes', 0);

CREATE TABLE feeds (
    id   TEXT PRIMARY KEY,
    spec BLOB NOT NULL
) WITHOUT ROWID;

-- A row appears with the first state or due time of a feed and goes with the feed.
CREATE TABLE states (
    feed  TEXT PRIMARY KEY,
    state BLOB,
    due   REAL,
    crc   INTEGER                -- CRC-32 of the state: a flipped bit on the disk must not pass for news
);

-- The log. Numbers run without a gap; rows go from the old end only.
CREATE TABLE events (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL,
    topic     TEXT NOT NULL,
    key       TEXT NOT NULL,
    source    TEXT,              -- value of the header ce_source
    at        REAL NOT NULL,     -- POSIX seconds
    partition INTEGER,
    bytes     INTEGER NOT NULL,
    headers   TEXT NOT NULL,     -- JSON: [[name, value], ...]
    value     BLOB NOT NULL,
    crc       INTEGER NOT NULL   -- CRC-32 of headers and value
);
CREATE UNIQUE INDEX events_id ON events (id, topic);
CREATE INDEX events_topic ON events (topic, seq);
CREATE INDEX events_source ON events (source, seq);

-- States whose checksum did not fit, kept for whoever wants to look.
CREATE TABLE quarantine (
    feed  TEXT NOT NULL,
    state BLOB
);

CREATE TABLE cursors (
    sink TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL,
    at   REAL NOT NULL,
    dead INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
