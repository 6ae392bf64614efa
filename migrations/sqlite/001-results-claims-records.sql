CREATE TABLE results (
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  version TEXT NOT NULL,
  category TEXT NOT NULL CHECK (length(category) BETWEEN 1 AND 32),
  confidence REAL NOT NULL CHECK (confidence > 0 AND confidence <= 1),
  description TEXT,
  method TEXT NOT NULL CHECK (method IN ('llm', 'local')),
  model TEXT NOT NULL,
  scores TEXT,
  created_at_ms INTEGER NOT NULL,
  hits INTEGER NOT NULL DEFAULT 0,
  last_hit_at_ms INTEGER,
  PRIMARY KEY (sha256, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  claimed BLOB NOT NULL CHECK (length(claimed) = 32),
  content BLOB NOT NULL CHECK (length(content) = 32),
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (claimant, claimed)
) STRICT, WITHOUT ROWID;

CREATE TABLE photos (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  claimant BLOB NOT NULL,
  user_id TEXT,
  network TEXT NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  sha256 BLOB,
  size_bytes INTEGER,
  category TEXT,
  confidence REAL,
  model TEXT,
  degraded INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  error_code TEXT
) STRICT;

CREATE INDEX photos_at ON photos (at_ms);

CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  claimant BLOB NOT NULL,
  user_id TEXT,
  network TEXT NOT NULL,
  route TEXT NOT NULL,
  lookups INTEGER NOT NULL,
  lookup_hits INTEGER NOT NULL,
  uploads INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX requests_at ON requests (at_ms);

-- One row that a probe writes: a file that can only be read, or a full disk, is as good as no store.
CREATE TABLE store_probe (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT;
