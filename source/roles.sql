-- The role that the extract tasks read the transaction database with. Run by its owner, after the tables exist.
-- Name and password come from the environment, so that no password stands in a command line (psql 14 or newer).
-- Safe to run again: the password is set anew.

\getenv source_user SOURCE_USER
\getenv source_password SOURCE_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY[:'source_user']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"source_user" PASSWORD :'source_password';

GRANT USAGE ON SCHEMA humanresources, person, production, purchasing, sales TO :"source_user";
GRANT SELECT ON ALL TABLES IN SCHEMA humanresources, person, production, purchasing, sales TO :"source_user";
