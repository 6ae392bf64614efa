-- What is told under a hash, ready to be read: a look-up finds it by one key, or two where somebody asks. It is all
-- made from `results`, `hash_claims` and `claim_verdicts` by those who write them (src/store/answer-rows.ts); nothing
-- but look-ups reads it. `asker` is who is told so: 00…0 is everybody, by bytes that were received; 00…1 everybody, by
-- what claimants agree on; any other the claimant whose own claim it is. `content` is what the claims are for.
CREATE TABLE answers (
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  asker BLOB NOT NULL CHECK (length(asker) = 16),
  version TEXT NOT NULL,
  content BLOB CHECK (length(content) = 32),
  category TEXT NOT NULL CHECK (length(category) BETWEEN 1 AND 32),
  confidence REAL NOT NULL CHECK (confidence > 0 AND confidence <= 1),
  description TEXT,
  method TEXT NOT NULL CHECK (method IN ('llm', 'local')),
  model TEXT NOT NULL,
  scores TEXT,
  created_at_ms INTEGER NOT NULL,
  corrected TEXT,
  witnesses INTEGER NOT NULL,
  PRIMARY KEY (hash, asker, version),
  CONSTRAINT answers_verified CHECK ((asker = x'00000000000000000000000000000000') = (content IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT r.sha256, x'00000000000000000000000000000000', r.version, NULL, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, 0
  FROM results r;

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT c.claimed, c.claimant, r.version, c.content, r.category, r.confidence, r.description, r.method, r.model,
    r.scores, r.created_at_ms, c.corrected, 0
  FROM hash_claims c CROSS JOIN results r ON r.sha256 = c.content;

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT v.claimed, x'00000000000000000000000000000001', r.version, v.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, v.witnesses
  FROM claim_verdicts v CROSS JOIN results r ON r.sha256 = v.content AND r.category = v.category
  WHERE v.conflicts = 0 AND v.witnesses >= 2;

-- What has to go when a result does.
CREATE INDEX answers_content ON answers (content, version) WHERE content IS NOT NULL;

-- An answer's category is one that a taxonomy named, as a result's is.
CREATE TRIGGER answers_insert_category BEFORE INSERT ON answers
WHEN NOT EXISTS (SELECT 1 FROM categories WHERE category = NEW.category)
BEGIN
  SELECT RAISE(ABORT, 'answers_known_category');
END;

CREATE TRIGGER answers_update_category BEFORE UPDATE OF category ON answers
WHEN NOT EXISTS (SELECT 1 FROM categories WHERE category = NEW.category)
BEGIN
  SELECT RAISE(ABORT, 'answers_known_category');
END;
