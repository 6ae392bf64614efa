-- Batches of hits and records that were written: one that comes again, because its answer was lost, changes nothing.
CREATE TABLE IF NOT EXISTS write_batches (
  id BINARY(16) NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (id),
  KEY write_batches_at (at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What was forgotten: a write that waited in a journal since before then leaves it out. `name` is a claimant or a hash
-- in hex digits, or, where all before a time was forgotten, that time.
CREATE TABLE IF NOT EXISTS erasures (
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (kind, name),
  KEY erasures_at (at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
