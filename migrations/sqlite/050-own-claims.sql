-- A claim counts for its claimant alone: claims lie by claimant, and everything that weighed the claims of several
-- against each other goes. A claim or correction whose photo has no result any more goes, too.
CREATE TABLE album_claims (
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  claimed BLOB NOT NULL CHECK (length(claimed) = 32),
  content BLOB NOT NULL CHECK (length(content) = 32),
  at_ms INTEGER NOT NULL,
  corrected TEXT,
  PRIMARY KEY (claimant, claimed)
) STRICT, WITHOUT ROWID;

INSERT INTO album_claims (claimant, claimed, content, at_ms, corrected)
  SELECT c.claimant, c.claimed, c.content, c.at_ms, c.corrected FROM hash_claims c
  WHERE EXISTS (SELECT 1 FROM results r WHERE r.sha256 = c.content)
  ORDER BY c.claimant, c.claimed;

-- What goes with a photo; who else claims a hash, and when (to forget it, and for CLAIM_TRUST=all); what is old.
CREATE INDEX album_claims_content ON album_claims (content);
CREATE INDEX album_claims_claimed ON album_claims (claimed, at_ms);
CREATE INDEX album_claims_at ON album_claims (at_ms);

-- What clients say is right instead. It is applied by `album_claims.corrected`, for the claimant alone.
CREATE TABLE corrections (
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  content BLOB NOT NULL CHECK (length(content) = 32),
  category TEXT NOT NULL,
  answered TEXT,
  model TEXT,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (claimant, hash)
) STRICT, WITHOUT ROWID;

INSERT INTO corrections (claimant, hash, content, category, answered, model, at_ms)
  SELECT f.claimant, f.hash, c.content, f.category, f.answered, f.model, f.at_ms
  FROM feedback f JOIN album_claims c ON c.claimant = f.claimant AND c.claimed = f.hash;

CREATE INDEX corrections_hash ON corrections (hash);
CREATE INDEX corrections_content ON corrections (content);
CREATE INDEX corrections_at ON corrections (at_ms);

DROP TABLE answers;
DROP TABLE claim_verdicts;
DROP TABLE hash_claims;
DROP TABLE claims;
DROP TABLE looks;
DROP TABLE feedback;
DROP TRIGGER results_insert_category;
DROP TRIGGER results_update_category;
-- Processes of the releases before ask for it when they start, and when they look whether the store is back.
DROP TABLE categories;

-- The prevailing colour of the picture, for clients that sort by it.
ALTER TABLE results ADD COLUMN colour TEXT;
