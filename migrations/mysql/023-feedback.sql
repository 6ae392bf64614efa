-- What clients say is right instead. It is applied by `hash_claims.corrected`, for the claimant alone.
CREATE TABLE IF NOT EXISTS feedback (
  claimant BINARY(16) NOT NULL,
  hash BINARY(32) NOT NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answered VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  model VARCHAR(128) NULL,
  network VARCHAR(64) NOT NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (claimant, hash),
  KEY feedback_hash (hash),
  KEY feedback_at (at_ms),
  CONSTRAINT feedback_known_category FOREIGN KEY (category) REFERENCES categories (category)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
