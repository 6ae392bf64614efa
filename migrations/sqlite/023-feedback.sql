-- What clients say is right instead. It is applied by `hash_claims.corrected`, for the claimant alone.
CREATE TABLE feedback (
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  category TEXT NOT NULL REFERENCES categories (category),
  answered TEXT,
  model TEXT,
  network TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (claimant, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX feedback_hash ON feedback (hash);
CREATE INDEX feedback_at ON feedback (at_ms);
