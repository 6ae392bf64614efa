-- Runs on MySQL 8.0.19+ and MariaDB 10.6+. Every statement may be repeated: DDL can't be rolled back there, so a
-- migration that was cut short runs again from its first line. A statement ends with `;` at the end of a line.

CREATE TABLE IF NOT EXISTS results (
  sha256 BINARY(32) NOT NULL,
  version VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  confidence DOUBLE NOT NULL,
  description VARCHAR(1000) NULL,
  method VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  model VARCHAR(128) NOT NULL,
  scores VARCHAR(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at_ms BIGINT NOT NULL,
  hits BIGINT UNSIGNED NOT NULL DEFAULT 0,
  last_hit_at_ms BIGINT NULL,
  PRIMARY KEY (sha256, version),
  CONSTRAINT results_category CHECK (category <> ''),
  CONSTRAINT results_confidence CHECK (confidence > 0 AND confidence <= 1),
  CONSTRAINT results_method CHECK (method IN ('llm', 'local'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS claims (
  claimant BINARY(16) NOT NULL,
  claimed BINARY(32) NOT NULL,
  content BINARY(32) NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (claimant, claimed)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Clustered by time: a report reads one stretch of the table, and it can be partitioned by `at_ms`.
CREATE TABLE IF NOT EXISTS photos (
  at_ms BIGINT NOT NULL,
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  request_id VARCHAR(64) NOT NULL,
  claimant BINARY(16) NOT NULL,
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
  PRIMARY KEY (at_ms, id),
  KEY photos_id (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE IF NOT EXISTS requests (
  at_ms BIGINT NOT NULL,
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  request_id VARCHAR(64) NOT NULL,
  claimant BINARY(16) NOT NULL,
  user_id VARCHAR(128) NULL,
  network VARCHAR(64) NOT NULL,
  route VARCHAR(32) NOT NULL,
  lookups INT UNSIGNED NOT NULL,
  lookup_hits INT UNSIGNED NOT NULL,
  uploads INT UNSIGNED NOT NULL,
  duration_ms INT UNSIGNED NOT NULL,
  PRIMARY KEY (at_ms, id),
  KEY requests_id (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- One row that a probe writes: a server that only reads, or whose disk is full, is as good as none.
CREATE TABLE IF NOT EXISTS store_probe (
  id TINYINT NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
