-- Tags of a vision LLM as a JSON list.
ALTER TABLE results ADD COLUMN tags TEXT;
