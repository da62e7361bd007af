-- Fills the transaction database with made-up rows in the shape and size of AdventureWorks.
--
--   psql -v scale=1 -v currencies="$(cat source/currency_api/currencies.json)" -f source/bikes_store/generate.sql
--
-- scale       how many times the 31,465 orders of the plan are sold (default 1); nothing else grows
-- currencies  the JSON array that the currency service answers with
--
-- The rows are the same in every run and in every PostgreSQL from 14 on. So there is no random(), no now() and no
-- sorting of text by the rules of a language. Chance is a hash of the row's key (see generate/draws.sql).
-- All runs in one transaction: all rows are there in the end, or none.

\set QUIET on
\set ON_ERROR_STOP on
\set VERBOSITY terse
\encoding UTF8

\if :{?scale}
\else
\set scale 1
\endif
\if :{?currencies}
\else
\set currencies ''
\endif

BEGIN;

SET LOCAL client_min_messages = warning;
-- To compile these queries takes longer than to run them.
SET LOCAL jit = off;
SELECT
    set_config('bikes_store.scale', :'scale', TRUE) AS scale_setting,
    set_config('bikes_store.currencies', :'currencies', TRUE) AS currencies_setting
\gset

DO $$
DECLARE
    filled boolean;
    tab regclass;
BEGIN
    IF current_setting('bikes_store.scale') !~ '^[1-9][0-9]*$' THEN
        RAISE EXCEPTION 'scale must be a whole number from 1 on, not "%".', current_setting('bikes_store.scale');
    END IF;
    IF current_setting('bikes_store.currencies') = '' THEN
        RAISE EXCEPTION 'Give the currencies: -v currencies="$(cat source/currency_api/currencies.json)".';
    END IF;
    IF to_regclass('sales.salesorderheadersalesreason') IS NULL THEN
        RAISE EXCEPTION 'This database has no tables yet: run schema.sql first.';
    END IF;
    FOR tab IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r'
            AND relnamespace::regnamespace::text
            IN ('person', 'humanresources', 'production', 'purchasing', 'sales')
        ORDER BY oid
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', tab) INTO filled;
        IF filled THEN
            RAISE EXCEPTION 'Table % already has rows: the generator fills an empty database only.', tab;
        END IF;
    END LOOP;
END
$$;

-- PostgreSQL checks a foreign key faster for all rows of a table together than for one row after another.
CREATE TEMPORARY TABLE foreign_key ON COMMIT DROP AS
SELECT conrelid::regclass::text AS tab, conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE contype = 'f'
    AND connamespace::regnamespace::text IN ('person', 'humanresources', 'production', 'purchasing', 'sales');

SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', tab, name) AS statement FROM foreign_key ORDER BY tab, name \gexec

\ir generate/draws.sql
\ir generate/calendar.sql
\ir generate/reference.sql
\ir generate/products.sql
\ir generate/people.sql
\ir generate/orders.sql

SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', tab, name, definition) AS statement
FROM foreign_key ORDER BY tab, name \gexec

COMMIT;

ANALYZE person.person, humanresources.employee, production.product, purchasing.shipmethod, sales.currency,
sales.currencyrate, sales.salesreason, sales.salesterritory, sales.specialoffer, sales.salesperson, sales.store,
sales.customer, sales.specialofferproduct, sales.salespersonquotahistory, sales.salesterritoryhistory,
sales.shoppingcartitem, sales.salesorderheader, sales.salesorderdetail, sales.salesorderheadersalesreason;
