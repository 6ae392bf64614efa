-- What the LLM calls made for a photo have cost, in millionths of a currency unit.
ALTER TABLE photos ADD COLUMN cost_micro INTEGER;
