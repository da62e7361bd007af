-- What the dashboards read before dbt has built a mart: views of the same names and columns, without rows. A panel then
-- has a sentence of its own, instead of an error that the relation does not exist.
-- The role that the dashboards read with looks into the schema warehouse first, then here (see roles.sql). So what dbt
-- builds takes their place, and dbt never meets them.
-- Only marts and columns that the dashboards name are here. A test compares them with what dbt builds.
-- Safe to run again.

BEGIN;
SET LOCAL client_min_messages = warning;

DROP SCHEMA IF EXISTS before_first_run CASCADE;
CREATE SCHEMA before_first_run;

CREATE VIEW before_first_run.mart_sales_daily AS
SELECT
    NULL::date AS order_date,
    NULL::text AS territory_name,
    NULL::text AS sales_channel,
    NULL::bigint AS orders,
    NULL::numeric AS revenue
WHERE FALSE;

CREATE VIEW before_first_run.mart_sales_product AS
SELECT
    NULL::integer AS order_year,
    NULL::text AS product_name,
    NULL::text AS product_line,
    NULL::bigint AS orders,
    NULL::bigint AS units,
    NULL::numeric AS revenue,
    NULL::numeric AS margin
WHERE FALSE;

CREATE VIEW before_first_run.mart_sales_person_quota AS
SELECT
    NULL::text AS sales_person_name,
    NULL::date AS quota_starts_on,
    NULL::numeric AS sales_quota,
    NULL::numeric AS orders,
    NULL::numeric AS revenue
WHERE FALSE;

CREATE VIEW before_first_run.mart_special_offer_effect AS
SELECT
    NULL::text AS special_offer_name,
    NULL::text AS special_offer_type,
    NULL::bigint AS units,
    NULL::numeric AS revenue,
    NULL::numeric AS discount_given,
    NULL::numeric AS discount_share
WHERE FALSE;

CREATE VIEW before_first_run.mart_sales_reason AS
SELECT
    NULL::text AS sales_reason_name,
    NULL::numeric AS revenue
WHERE FALSE;

COMMIT;
