-- Records in partitions of a day each, so that old ones go without reading them. A record lies by its claimant, where
-- writers don't meet, and nothing counts records. Maintenance adds and drops the days.
--
-- The tables before, `photos` and `requests`, stay for processes of the release before: nothing reads them any more, and
-- maintenance empties them. So no existing row is touched here, and no table is locked.
CREATE TABLE IF NOT EXISTS photo_records (
  claimant BINARY(16) NOT NULL,
  at_ms BIGINT NOT NULL,
  id BIGINT UNSIGNED NOT NULL,
  request_id VARCHAR(64) NOT NULL,
  user_id VARCHAR(128) NULL,
  network VARCHAR(64) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  outcome VARCHAR(16) NOT NULL,
  sha256 BINARY(32) NULL,
  size_bytes BIGINT UNSIGNED NULL,
  category VARCHAR(32) NULL,
  confidence DOUBLE NULL,
  model VARCHAR(128) NULL,
  degraded TINYINT NOT NULL,
  duration_ms INT UNSIGNED NOT NULL,
  error_code VARCHAR(64) NULL,
  cost_micro BIGINT NULL,
  PRIMARY KEY (claimant, at_ms, id),
  KEY photo_records_sha256 (sha256),
  KEY photo_records_outcome (outcome, at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
PARTITION BY RANGE (at_ms) (PARTITION future VALUES LESS THAN MAXVALUE);

CREATE TABLE IF NOT EXISTS request_records (
  claimant BINARY(16) NOT NULL,
  at_ms BIGINT NOT NULL,
  id BIGINT UNSIGNED NOT NULL,
  request_id VARCHAR(64) NOT NULL,
  user_id VARCHAR(128) NULL,
  network VARCHAR(64) NOT NULL,
  route VARCHAR(32) NOT NULL,
  lookups INT UNSIGNED NOT NULL,
  lookup_hits INT UNSIGNED NOT NULL,
  uploads INT UNSIGNED NOT NULL,
  duration_ms INT UNSIGNED NOT NULL,
  PRIMARY KEY (claimant, at_ms, id),
  KEY request_records_route (route, at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
PARTITION BY RANGE (at_ms) (PARTITION future VALUES LESS THAN MAXVALUE);
