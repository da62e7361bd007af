-- Who may do what in the warehouse database. Run by its owner, after staging.sql. Names and passwords come from
-- the environment, so that no password stands in a command line; psql 14 or newer reads them from there.
-- Each role has what its work needs and no more. Safe to run again: passwords are set anew.

\getenv staging_user STAGING_USER
\getenv staging_password STAGING_PASSWORD
\getenv dbt_user DBT_USER
\getenv dbt_password DBT_PASSWORD
\getenv reporter_user REPORTER_USER
\getenv reporter_password REPORTER_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY[:'staging_user', :'dbt_user', :'reporter_user']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"staging_user" PASSWORD :'staging_password';
ALTER ROLE :"dbt_user" PASSWORD :'dbt_password';
ALTER ROLE :"reporter_user" PASSWORD :'reporter_password';

REVOKE CREATE ON SCHEMA public FROM public;

-- The load tasks write the tables of the staging area and own none of them.
GRANT USAGE ON SCHEMA bikes_store_staging TO :"staging_user", :"dbt_user";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bikes_store_staging TO :"staging_user";

-- dbt reads the staging area and owns what it builds.
GRANT SELECT ON ALL TABLES IN SCHEMA bikes_store_staging TO :"dbt_user";
CREATE SCHEMA IF NOT EXISTS warehouse AUTHORIZATION :"dbt_user";

-- Dashboards read what dbt builds, now and later.
GRANT USAGE ON SCHEMA warehouse TO :"reporter_user";
GRANT SELECT ON ALL TABLES IN SCHEMA warehouse TO :"reporter_user";
ALTER DEFAULT PRIVILEGES FOR ROLE :"dbt_user" IN SCHEMA warehouse GRANT SELECT ON TABLES TO :"reporter_user";
