-- Records come and go in the order of time. An index by claimant or photo is written at random places: it costs more
-- than all the rest of a record, once to write and again to delete. To forget somebody reads the table instead, and
-- rewrites the file anyway. The pages of the indexes become free; no row is touched.
DROP INDEX IF EXISTS photos_claimant;
DROP INDEX IF EXISTS photos_sha256;
DROP INDEX IF EXISTS requests_claimant;
