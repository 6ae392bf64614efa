-- Batches of hits and records that were written: one that comes again, because its answer was lost, changes nothing.
CREATE TABLE write_batches (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX write_batches_at ON write_batches (at_ms);

-- What was forgotten: a write that waited in a journal since before then leaves it out. `name` is a claimant or a hash
-- in hex digits, or, where all before a time was forgotten, that time.
CREATE TABLE erasures (
  kind TEXT NOT NULL CHECK (kind IN ('claimant', 'hash', 'before')),
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX erasures_at ON erasures (at_ms);
