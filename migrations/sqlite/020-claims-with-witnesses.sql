-- Claims by hash, so that all claims on one hash are neighbours, with what corroboration needs to know of them.
CREATE TABLE hash_claims (
  claimed BLOB NOT NULL CHECK (length(claimed) = 32),
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  content BLOB NOT NULL CHECK (length(content) = 32),
  category TEXT NOT NULL,
  network TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  corrected TEXT,
  PRIMARY KEY (claimed, claimant)
) STRICT, WITHOUT ROWID;

CREATE INDEX hash_claims_claimant ON hash_claims (claimant);
CREATE INDEX hash_claims_content ON hash_claims (content);
CREATE INDEX hash_claims_at ON hash_claims (at_ms);

-- The old table stays for processes of the release before; nothing reads it any more. Without a network a claim is
-- its claimant's alone.
INSERT INTO hash_claims (claimed, claimant, content, category, network, at_ms)
  SELECT claimed, claimant, content, '', '', at_ms FROM claims;

-- What all claims on one hash amount to. `revision` counts the claims that came: a verdict is written only if none
-- came after those it was reached from were read.
CREATE TABLE claim_verdicts (
  claimed BLOB NOT NULL PRIMARY KEY CHECK (length(claimed) = 32),
  content BLOB,
  category TEXT,
  newest BLOB,
  witnesses INTEGER NOT NULL DEFAULT 0,
  conflicts INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_verdicts_conflicts ON claim_verdicts (conflicts) WHERE conflicts > 0;

-- What contents look like. The hash is cut into three bands, each with an index.
CREATE TABLE looks (
  sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 8),
  band_a INTEGER NOT NULL,
  band_b INTEGER NOT NULL,
  band_c INTEGER NOT NULL,
  colours BLOB NOT NULL CHECK (length(colours) = 48),
  aspect INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX looks_a ON looks (band_a);
CREATE INDEX looks_b ON looks (band_b);
CREATE INDEX looks_c ON looks (band_c);
