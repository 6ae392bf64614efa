-- Tags of a vision LLM as a JSON list.
SET @step = IF(
  (SELECT COUNT(*) FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'results' AND column_name = 'tags') > 0,
  'DO 0',
  'ALTER TABLE results ADD COLUMN tags VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL');
PREPARE step FROM @step;
EXECUTE step;
DEALLOCATE PREPARE step;
