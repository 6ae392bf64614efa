-- What the photos of a claimant look like, so that a copy of one gets its answer. Searched by `bits`.
CREATE TABLE fingerprints (
  claimant BINARY(16) NOT NULL,
  bits INT UNSIGNED NOT NULL,
  content BINARY(32) NOT NULL,
  brightness VARBINARY(784) NOT NULL,
  colours BINARY(48) NOT NULL,
  aspect SMALLINT UNSIGNED NOT NULL,
  at_ms BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (claimant, bits, content),
  KEY fingerprints_content (content)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
