-- What is told under a hash, ready to be read: a look-up finds it by one key, or three where somebody asks. It is all
-- made from `results`, `hash_claims` and `claim_verdicts` by those who write them (src/store/answer-rows.ts); nothing
-- but look-ups reads it. `asker` is who is told so: 00…0 is everybody, by bytes that were received; 00…1 everybody, by
-- what claimants agree on; any other the claimant whose own claim it is. `content` is what the claims are for.
CREATE TABLE IF NOT EXISTS answers (
  hash BINARY(32) NOT NULL,
  asker BINARY(16) NOT NULL,
  version VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content BINARY(32) NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  confidence DOUBLE NOT NULL,
  description VARCHAR(1000) NULL,
  method VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  model VARCHAR(128) NOT NULL,
  scores VARCHAR(4000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at_ms BIGINT NOT NULL,
  corrected VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  witnesses INT UNSIGNED NOT NULL,
  PRIMARY KEY (hash, asker, version),
  CONSTRAINT answers_category CHECK (category <> ''),
  CONSTRAINT answers_confidence CHECK (confidence > 0 AND confidence <= 1),
  CONSTRAINT answers_method CHECK (method IN ('llm', 'local')),
  CONSTRAINT answers_known_category FOREIGN KEY (category) REFERENCES categories (category),
  CONSTRAINT answers_verified CHECK ((asker = x'00000000000000000000000000000000') = (content IS NULL))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

TRUNCATE TABLE answers;

-- Reading locks nothing: processes of the release before go on writing meanwhile.
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;

-- A quarter at a time, by the hash, so that no transaction holds it all.
INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT r.sha256, x'00000000000000000000000000000000', r.version, NULL, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, 0
  FROM results r WHERE r.sha256 < x'40';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT r.sha256, x'00000000000000000000000000000000', r.version, NULL, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, 0
  FROM results r WHERE r.sha256 >= x'40' AND r.sha256 < x'80';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT r.sha256, x'00000000000000000000000000000000', r.version, NULL, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, 0
  FROM results r WHERE r.sha256 >= x'80' AND r.sha256 < x'C0';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT r.sha256, x'00000000000000000000000000000000', r.version, NULL, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, 0
  FROM results r WHERE r.sha256 >= x'C0';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT c.claimed, c.claimant, r.version, c.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, c.corrected, 0
  FROM hash_claims c STRAIGHT_JOIN results r ON r.sha256 = c.content WHERE c.claimed < x'40';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT c.claimed, c.claimant, r.version, c.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, c.corrected, 0
  FROM hash_claims c STRAIGHT_JOIN results r ON r.sha256 = c.content WHERE c.claimed >= x'40' AND c.claimed < x'80';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT c.claimed, c.claimant, r.version, c.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, c.corrected, 0
  FROM hash_claims c STRAIGHT_JOIN results r ON r.sha256 = c.content WHERE c.claimed >= x'80' AND c.claimed < x'C0';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT c.claimed, c.claimant, r.version, c.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, c.corrected, 0
  FROM hash_claims c STRAIGHT_JOIN results r ON r.sha256 = c.content WHERE c.claimed >= x'C0';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT v.claimed, x'00000000000000000000000000000001', r.version, v.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, v.witnesses
  FROM claim_verdicts v STRAIGHT_JOIN results r ON r.sha256 = v.content AND r.category = v.category
  WHERE v.conflicts = 0 AND v.witnesses >= 2 AND v.claimed < x'40';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT v.claimed, x'00000000000000000000000000000001', r.version, v.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, v.witnesses
  FROM claim_verdicts v STRAIGHT_JOIN results r ON r.sha256 = v.content AND r.category = v.category
  WHERE v.conflicts = 0 AND v.witnesses >= 2 AND v.claimed >= x'40' AND v.claimed < x'80';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT v.claimed, x'00000000000000000000000000000001', r.version, v.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, v.witnesses
  FROM claim_verdicts v STRAIGHT_JOIN results r ON r.sha256 = v.content AND r.category = v.category
  WHERE v.conflicts = 0 AND v.witnesses >= 2 AND v.claimed >= x'80' AND v.claimed < x'C0';

INSERT INTO answers (hash, asker, version, content, category, confidence, description, method, model, scores,
    created_at_ms, corrected, witnesses)
  SELECT v.claimed, x'00000000000000000000000000000001', r.version, v.content, r.category, r.confidence, r.description,
    r.method, r.model, r.scores, r.created_at_ms, NULL, v.witnesses
  FROM claim_verdicts v STRAIGHT_JOIN results r ON r.sha256 = v.content AND r.category = v.category
  WHERE v.conflicts = 0 AND v.witnesses >= 2 AND v.claimed >= x'C0';

-- What has to go when a result does. Made at last, in its order.
SET @change = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'answers' AND index_name = 'answers_content') > 0,
  'DO 0',
  'ALTER TABLE answers ADD KEY answers_content (content, version)');
PREPARE change_answers FROM @change;
EXECUTE change_answers;
DEALLOCATE PREPARE change_answers;
