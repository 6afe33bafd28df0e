CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE intake_mark (id INTEGER PRIMARY KEY CHECK (id = 1), taken INTEGER NOT NULL);
CREATE TABLE objects (
    id INTEGER PRIMARY KEY, oid BLOB NOT NULL, kind INTEGER NOT NULL, domain BLOB NOT NULL, data BLOB NOT NULL);
CREATE INDEX objects_by_prefix ON objects (substr(oid, 1, 8));
CREATE TABLE packs (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, objects INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE reflog (
    id INTEGER PRIMARY KEY,
    ref INTEGER NOT NULL,
    block INTEGER NOT NULL,
    txn INTEGER NOT NULL,
    step INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    old BLOB,
    new BLOB,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    before BLOB NOT NULL,
    chain BLOB NOT NULL
);
CREATE INDEX reflog_by_block ON reflog (block);
CREATE INDEX reflog_by_step ON reflog (ref, first, began);
CREATE TABLE reflog_numbers (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    block INTEGER NOT NULL,
    owner INTEGER NOT NULL
);
CREATE TABLE refs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entry INTEGER NOT NULL
);
