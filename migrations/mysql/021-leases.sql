-- Who is at work on what, among all processes. Times are the server's own: processes need not agree on a clock.
CREATE TABLE IF NOT EXISTS leases (
  name BINARY(32) NOT NULL,
  owner BINARY(16) NOT NULL,
  token BIGINT UNSIGNED NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  PRIMARY KEY (name),
  KEY leases_expiry (expires_at_ms)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;
