-- What the photos of a claimant look like, so that a copy of one gets its answer. Searched by `bits`.
CREATE TABLE IF NOT EXISTS fingerprints (
  claimant BINARY(16) NOT NULL,
  bits INT UNSIGNED NOT NULL,
  content BINARY(32) NOT NULL,
  brightness VARBINARY(784) NOT NULL,
  colours VARBINARY(48) NOT NULL,
  aspect SMALLINT UNSIGNED NOT NULL,
  PRIMARY KEY (claimant, bits, content),
  KEY fingerprints_content (content)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
