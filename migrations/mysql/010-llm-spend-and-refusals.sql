-- What LLM calls have cost in a day (`2026-11-22`) or a month (`2026-11`), calls under way included.
CREATE TABLE IF NOT EXISTS llm_spend (
  period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  spent_micro BIGINT NOT NULL,
  PRIMARY KEY (period)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Photos that a vendor has refused for their content: not sent again until then.
CREATE TABLE IF NOT EXISTS refusals (
  sha256 BINARY(32) NOT NULL,
  version VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  until_ms BIGINT NOT NULL,
  PRIMARY KEY (sha256, version),
  KEY refusals_until (until_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
