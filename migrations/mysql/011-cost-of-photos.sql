-- What the LLM calls made for a photo have cost, in millionths of a currency unit. MySQL can't add a column only where
-- it is missing, so the statement is chosen first.
SET @addition = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'photos' AND column_name = 'cost_micro') = 0,
  'ALTER TABLE photos ADD COLUMN cost_micro BIGINT NULL', 'DO 0');
PREPARE addition FROM @addition;
EXECUTE addition;
DEALLOCATE PREPARE addition;
