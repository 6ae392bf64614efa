-- A result's category is one that a taxonomy named.
CREATE TABLE categories (category TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

INSERT INTO categories (category) SELECT DISTINCT category FROM results;

CREATE TRIGGER results_insert_category BEFORE INSERT ON results
WHEN NOT EXISTS (SELECT 1 FROM categories WHERE category = NEW.category)
BEGIN
  SELECT RAISE(ABORT, 'results_known_category');
END;

CREATE TRIGGER results_update_category BEFORE UPDATE OF category ON results
WHEN NOT EXISTS (SELECT 1 FROM categories WHERE category = NEW.category)
BEGIN
  SELECT RAISE(ABORT, 'results_known_category');
END;

-- When a result was last used, to the hour: its index moves at most once an hour however often it is hit.
ALTER TABLE results ADD COLUMN used_at_ms INTEGER NOT NULL DEFAULT 0;
UPDATE results SET used_at_ms = max(created_at_ms, coalesce(last_hit_at_ms, 0));

CREATE INDEX results_used ON results (used_at_ms);
CREATE INDEX results_created ON results (created_at_ms);
CREATE INDEX results_version ON results (version);

-- Whose records and which photo's: what is asked when somebody wants to be forgotten.
CREATE INDEX photos_claimant ON photos (claimant);
CREATE INDEX photos_sha256 ON photos (sha256);
CREATE INDEX requests_claimant ON requests (claimant);
