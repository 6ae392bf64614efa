-- What LLM calls have cost in a day (`2026-11-22`) or a month (`2026-11`), calls under way included.
CREATE TABLE llm_spend (
  period TEXT PRIMARY KEY,
  spent_micro INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Photos that a vendor has refused for their content: not sent again until then.
CREATE TABLE refusals (
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  version TEXT NOT NULL,
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (sha256, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX refusals_until ON refusals (until_ms);
