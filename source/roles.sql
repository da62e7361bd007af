-- The roles of the transaction database. Its owner runs this file, after the tables exist. It is safe to run again.
-- Names and passwords come in the environment variable ROLES, a JSON object {"role": "password"}: no password stands in
-- a command line. psql 14 or later reads it.

\getenv roles ROLES

-- Makes the roles that are missing, and sets all passwords.
SELECT format('CREATE ROLE %I LOGIN', key) FROM json_each_text(:'roles')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = key) \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', key, value) FROM json_each_text(:'roles') \gexec

-- Until PostgreSQL 15, everybody may make tables there.
REVOKE CREATE ON SCHEMA public FROM public;

-- The extract tasks read every table.
GRANT USAGE ON SCHEMA humanresources, person, production, purchasing, sales TO source_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA humanresources, person, production, purchasing, sales TO source_reader;
