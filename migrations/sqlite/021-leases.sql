-- Who is at work on what, among all processes.
CREATE TABLE leases (
  name BLOB NOT NULL PRIMARY KEY CHECK (length(name) = 32),
  owner BLOB NOT NULL CHECK (length(owner) = 16),
  token INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_expiry ON leases (expires_at_ms);
