-- Claims by hash, so that all claims on one hash are neighbours, with what corroboration needs to know of them.
CREATE TABLE IF NOT EXISTS hash_claims (
  claimed BINARY(32) NOT NULL,
  claimant BINARY(16) NOT NULL,
  content BINARY(32) NOT NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  network VARCHAR(64) NOT NULL,
  at_ms BIGINT NOT NULL,
  corrected VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (claimed, claimant),
  KEY hash_claims_claimant (claimant),
  KEY hash_claims_content (content),
  KEY hash_claims_at (at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- The old table stays for processes of the release before; nothing reads it any more. Without a network a claim is
-- its claimant's alone.
INSERT IGNORE INTO hash_claims (claimed, claimant, content, category, network, at_ms)
  SELECT claimed, claimant, content, '', '', at_ms FROM claims;

-- What all claims on one hash amount to. `revision` counts the claims that came: a verdict is written only if none
-- came after those it was reached from were read.
CREATE TABLE IF NOT EXISTS claim_verdicts (
  claimed BINARY(32) NOT NULL,
  content BINARY(32) NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  newest BINARY(32) NULL,
  witnesses INT UNSIGNED NOT NULL DEFAULT 0,
  conflicts INT UNSIGNED NOT NULL DEFAULT 0,
  revision BIGINT UNSIGNED NOT NULL DEFAULT 1,
  PRIMARY KEY (claimed),
  KEY claim_verdicts_conflicts (conflicts)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What contents look like. The hash is cut into three bands, each with an index that holds the whole hash, so that
-- candidates are compared without reading their rows.
CREATE TABLE IF NOT EXISTS looks (
  sha256 BINARY(32) NOT NULL,
  hash BIGINT UNSIGNED NOT NULL,
  band_a INT UNSIGNED NOT NULL,
  band_b INT UNSIGNED NOT NULL,
  band_c INT UNSIGNED NOT NULL,
  colours BINARY(48) NOT NULL,
  aspect SMALLINT UNSIGNED NOT NULL,
  PRIMARY KEY (sha256),
  KEY looks_a (band_a, hash),
  KEY looks_b (band_b, hash),
  KEY looks_c (band_c, hash)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
