-- The role that postgres-exporter comes with: it reads statistics and no rows. Its password comes from the environment.
\getenv password MONITOR_PASSWORD
CREATE ROLE monitor LOGIN PASSWORD :'password';
GRANT pg_monitor TO monitor;
