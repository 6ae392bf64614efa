-- A result's category is one that a taxonomy named. Tables are altered once: what is there already is left alone.
CREATE TABLE IF NOT EXISTS categories (
  category VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (category)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

INSERT IGNORE INTO categories (category) SELECT DISTINCT category FROM results;

-- When a result was last used, to the hour: its index moves at most once an hour however often it is hit.
SET @change = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'results' AND column_name = 'used_at_ms') > 0,
  'DO 0',
  'ALTER TABLE results
    ADD COLUMN used_at_ms BIGINT NOT NULL DEFAULT 0,
    ADD KEY results_used (used_at_ms),
    ADD KEY results_created (created_at_ms),
    ADD KEY results_version (version),
    ADD CONSTRAINT results_known_category FOREIGN KEY (category) REFERENCES categories (category)');
PREPARE change_results FROM @change;
EXECUTE change_results;
DEALLOCATE PREPARE change_results;

UPDATE results SET used_at_ms = GREATEST(created_at_ms, COALESCE(last_hit_at_ms, 0)) WHERE used_at_ms = 0;

-- Whose records and which photo's: what is asked when somebody wants to be forgotten.
SET @change = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'photos' AND index_name = 'photos_claimant') > 0,
  'DO 0',
  'ALTER TABLE photos ADD KEY photos_claimant (claimant), ADD KEY photos_sha256 (sha256)');
PREPARE change_photos FROM @change;
EXECUTE change_photos;
DEALLOCATE PREPARE change_photos;

SET @change = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'requests' AND index_name = 'requests_claimant') > 0,
  'DO 0',
  'ALTER TABLE requests ADD KEY requests_claimant (claimant)');
PREPARE change_requests FROM @change;
EXECUTE change_requests;
DEALLOCATE PREPARE change_requests;
