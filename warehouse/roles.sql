-- The roles of the warehouse database: each has what its work needs and no more. The owner of the database runs this
-- file, after staging.sql: a superuser, or a role that may make roles (CREATEROLE). It is safe to run again.
-- Names and passwords come in the environment variable ROLES, a JSON object {"role": "password"}: no password stands in
-- a command line. psql 14 or later reads it.

\getenv roles ROLES

-- Makes the roles that are missing, and sets all passwords.
SELECT format('CREATE ROLE %I LOGIN', key) FROM json_each_text(:'roles')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = key) \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', key, value) FROM json_each_text(:'roles') \gexec

REVOKE CREATE ON SCHEMA public FROM public;

-- The load tasks write the tables of the staging area and own none of them.
GRANT USAGE ON SCHEMA bikes_store_staging TO staging_loader, dbt;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bikes_store_staging TO staging_loader;
GRANT EXECUTE ON FUNCTION bikes_store_staging.analyze_table (text) TO staging_loader;
-- What a load wrote about itself stays.
REVOKE UPDATE, DELETE ON bikes_store_staging.load_log FROM staging_loader;

-- dbt reads the staging area and owns what it builds.
GRANT SELECT ON ALL TABLES IN SCHEMA bikes_store_staging TO dbt;
-- Only a member of dbt, or a superuser, may make things for it. An owner who is neither is a member until the end.
SELECT NOT pg_has_role(current_user, 'dbt', 'USAGE') AS joins \gset
\if :joins
GRANT dbt TO CURRENT_USER;
\endif
CREATE SCHEMA IF NOT EXISTS warehouse AUTHORIZATION dbt;
-- A model joins whole tables: 4 MB would send them through temporary files. Compiling such a query takes longer than
-- running it: of the 1.7 s that a snapshot of 20,000 customers took, 1.1 s.
ALTER ROLE dbt SET work_mem = '64MB';
ALTER ROLE dbt SET jit = off;

-- Dashboards read what dbt builds, now and later.
GRANT USAGE ON SCHEMA warehouse TO reporter;
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO reporter;
ALTER DEFAULT PRIVILEGES FOR ROLE dbt IN SCHEMA warehouse GRANT SELECT ON TABLES TO reporter;
-- Before that, they read the same names without rows. dbt's tables come first.
\ir before_first_run.sql
GRANT USAGE ON SCHEMA before_first_run TO reporter;
GRANT SELECT ON ALL TABLES IN SCHEMA before_first_run TO reporter;
ALTER ROLE reporter SET search_path = warehouse, before_first_run;

\if :joins
REVOKE dbt FROM CURRENT_USER;
\endif
