-- Chance without random(): a hash of what is drawn and of the row's key.
-- PostgreSQL places rows in hash partitions with hashint8extended and hashtextextended. So it can't change their
-- results without breaking pg_upgrade. They are much faster than md5. (md5 still makes the rowguids.)
-- The functions are temporary: the database keeps nothing but the rows.

-- A whole number from 0 to n - 1.
CREATE FUNCTION pg_temp.draw(what text, key bigint, n bigint) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN ((hashint8extended(key, hashtextextended(what, 0)) & 9223372036854775807) % n)::integer;

-- One element of a list.
CREATE FUNCTION pg_temp.pick(what text, key bigint, list anyarray) RETURNS anyelement
LANGUAGE sql IMMUTABLE
AS 'SELECT list[1 + pg_temp.draw(what, key, cardinality(list))]';

-- A unique key for the row, the same in every run.
CREATE FUNCTION pg_temp.guid(what text, key text) RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN md5(what || ' ' || key)::uuid;
