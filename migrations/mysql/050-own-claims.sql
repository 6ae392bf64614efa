-- A claim counts for its claimant alone: claims lie by claimant, and everything that weighed the claims of several
-- against each other goes. A claim or correction whose photo has no result any more goes, too.
--
-- Processes of the releases before go on while claims are copied. From the RENAME on they are without a store: the
-- tables they ask for are gone. What they wrote meanwhile is copied after it.
CREATE TABLE IF NOT EXISTS album_claims (
  claimant BINARY(16) NOT NULL,
  claimed BINARY(32) NOT NULL,
  content BINARY(32) NOT NULL,
  at_ms BIGINT NOT NULL,
  corrected VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (claimant, claimed)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- What clients say is right instead. It is applied by `album_claims.corrected`, for the claimant alone.
CREATE TABLE IF NOT EXISTS corrections (
  claimant BINARY(16) NOT NULL,
  hash BINARY(32) NOT NULL,
  content BINARY(32) NOT NULL,
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answered VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  model VARCHAR(128) NULL,
  at_ms BIGINT NOT NULL,
  PRIMARY KEY (claimant, hash),
  KEY corrections_hash (hash),
  KEY corrections_content (content),
  KEY corrections_at (at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Reading locks nothing.
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET @is_first = (SELECT COUNT(*) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_name = 'hash_claims');
-- From when on claims are copied twice. All are, where a run before this one got as far as the RENAME.
SET @since_ms = IF(@is_first, (UNIX_TIMESTAMP() - 3600) * 1000, 0);

SET @step = IF(@is_first,
  'REPLACE INTO album_claims (claimant, claimed, content, at_ms, corrected)
    SELECT c.claimant, c.claimed, c.content, c.at_ms, c.corrected FROM hash_claims c
    WHERE EXISTS (SELECT 1 FROM results r WHERE r.sha256 = c.content) ORDER BY c.claimant, c.claimed',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- What goes with a photo; who else claims a hash (to forget it, and for CLAIM_TRUST=all); what is old. Made when most
-- of it is there, in their order.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'album_claims' AND index_name = 'album_claims_content') > 0,
  'DO 0',
  'ALTER TABLE album_claims ADD KEY album_claims_content (content),
    ADD KEY album_claims_claimed (claimed, at_ms), ADD KEY album_claims_at (at_ms)');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(@is_first, 'RENAME TABLE hash_claims TO hash_claims_before', 'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @is_left = (SELECT COUNT(*) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_name = 'hash_claims_before');

SET @step = IF(@is_left,
  'REPLACE INTO album_claims (claimant, claimed, content, at_ms, corrected)
    SELECT c.claimant, c.claimed, c.content, c.at_ms, c.corrected FROM hash_claims_before c
    WHERE (c.at_ms >= @since_ms OR c.corrected IS NOT NULL)
      AND EXISTS (SELECT 1 FROM results r WHERE r.sha256 = c.content) ORDER BY c.claimant, c.claimed',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @is_left = (SELECT COUNT(*) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_name = 'feedback');

SET @step = IF(@is_left,
  'REPLACE INTO corrections (claimant, hash, content, category, answered, model, at_ms)
    SELECT f.claimant, f.hash, c.content, f.category, f.answered, f.model, f.at_ms
    FROM feedback f JOIN album_claims c ON c.claimant = f.claimant AND c.claimed = f.hash',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- Results refer to `categories` no more.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE()
    AND table_name = 'results' AND constraint_name = 'results_known_category') > 0,
  'ALTER TABLE results DROP FOREIGN KEY results_known_category',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE()
    AND table_name = 'results' AND index_name = 'results_known_category') > 0,
  'ALTER TABLE results DROP KEY results_known_category',
  'DO 0');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

-- The prevailing colour of the picture, for clients that sort by it.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'results' AND column_name = 'colour') > 0,
  'DO 0',
  'ALTER TABLE results ADD COLUMN colour VARCHAR(8) NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;

DROP TABLE IF EXISTS answers, claim_verdicts, looks, claims, feedback, hash_claims_before;
-- Processes of the releases before ask for it when they start, and when they look whether the store is back.
DROP TABLE IF EXISTS categories;
