-- What the photos of a claimant look like, so that a copy of one gets its answer. Searched by `bits`.
CREATE TABLE fingerprints (
  claimant BLOB NOT NULL CHECK (length(claimant) = 16),
  bits INTEGER NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32),
  brightness BLOB NOT NULL CHECK (length(brightness) = 784),
  colours BLOB NOT NULL CHECK (length(colours) = 48),
  aspect INTEGER NOT NULL,
  PRIMARY KEY (claimant, bits, content)
) STRICT;

CREATE INDEX fingerprints_content ON fingerprints (content);
