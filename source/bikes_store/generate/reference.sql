-- Rows that rarely change: currencies and their rates, ways of shipping, reasons, territories, offers.

INSERT INTO sales.currency (currencycode, name, modifieddate)
SELECT listed.currencycode, listed.name, listed.modifieddate
FROM jsonb_to_recordset(:'currencies'::jsonb) AS listed (currencycode text, name text, modifieddate timestamp);

-- One rate for each day and currency: a random walk from the first day's rate, in steps of at most 0.5 %.
INSERT INTO sales.currencyrate (
    currencyrateid, currencyratedate, fromcurrencycode, tocurrencycode, averagerate, endofdayrate, modifieddate
)
WITH quoted (code, first_rate, last_day) AS (
    -- The mark and the franc have rates for the first half year only. The dollar against itself is always 1.
    VALUES
    ('ARS', 4.1, date '2014-05-31'), ('AUD', 0.94, '2014-05-31'), ('BRL', 1.58, '2014-05-31'),
    ('CAD', 0.97, '2014-05-31'), ('CNY', 6.48, '2014-05-31'), ('DEM', 1.36, '2011-11-30'),
    ('EUR', 0.695, '2014-05-31'), ('FRF', 4.56, '2011-11-30'), ('GBP', 0.608, '2014-05-31'),
    ('JPY', 81.4, '2014-05-31'), ('MXN', 11.6, '2014-05-31'), ('SAR', 3.75, '2014-05-31'),
    ('USD', 1, '2014-05-31'), ('VEB', 4290, '2014-05-31')
),

days AS (
    SELECT
        code,
        first_rate,
        date '2011-05-31' + d AS day,
        row_number() OVER (ORDER BY d, code COLLATE "C") AS id
    FROM quoted, generate_series(0, last_day - date '2011-05-31') AS d
),

walk AS (
    SELECT
        *,
        CASE code
            WHEN 'USD' THEN 0
            ELSE sum(pg_temp.draw('rate step', id, 101) - 50) OVER (PARTITION BY code ORDER BY day)
        END AS drift
    FROM days
)

SELECT
    id,
    day,
    'USD',
    code,
    round(first_rate * (1 + drift / 10000.0), 4),
    round(
        first_rate
        * (1 + (drift + CASE code WHEN 'USD' THEN 0 ELSE pg_temp.draw('close', id, 21) - 10 END) / 10000.0),
        4
    ),
    day AS modifieddate
FROM walk;

INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, rowguid, modifieddate)
SELECT id, name, base, rate, pg_temp.guid('shipmethod', id::text), '2008-04-30'
FROM (
    VALUES
    (1, 'PARCEL - GROUND', 4.25, 0.95),
    (2, 'PARCEL - EXPRESS', 9.75, 1.95),
    (3, 'OVERSEAS - AIR', 28.50, 2.90),
    (4, 'NEXT DAY', 22.50, 1.35),
    (5, 'CARGO - PALLET', 8.75, 1.45)
) AS m (id, name, base, rate);

-- The two spaces in reason 4 are there on purpose: a load must keep both. Nobody ever gives reason 3, 7 or 8.
INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)
SELECT id, name, type, '2008-04-30'
FROM (
    VALUES
    (1, 'Price', 'Other'),
    (2, 'On Promotion', 'Promotion'),
    (3, 'Magazine Advertisement', 'Marketing'),
    (4, 'Television  Advertisement', 'Marketing'),
    (5, 'Brand', 'Other'),
    (6, 'Test Report', 'Other'),
    (7, 'Trade Fair', 'Marketing'),
    (8, 'Team Sponsorship', 'Marketing'),
    (9, 'Workmanship', 'Other'),
    (10, 'Other', 'Other')
) AS r (id, name, type);

INSERT INTO sales.salesterritory (
    territoryid, name, countryregioncode, "group", salesytd, saleslastyear, rowguid, modifieddate
)
SELECT
    id,
    name,
    country,
    part,
    round(2000000 + pg_temp.draw('territory year to date', id, 80000000) / 10.0, 4),
    round(1200000 + pg_temp.draw('territory last year', id, 40000000) / 10.0, 4),
    pg_temp.guid('salesterritory', id::text),
    '2008-04-30'
FROM (
    VALUES
    (1, 'Northwest', 'US', 'North America'),
    (2, 'Northeast', 'US', 'North America'),
    (3, 'Central', 'US', 'North America'),
    (4, 'Southwest', 'US', 'North America'),
    (5, 'Southeast', 'US', 'North America'),
    (6, 'Canada', 'CA', 'North America'),
    (7, 'France', 'FR', 'Europe'),
    (8, 'Germany', 'DE', 'Europe'),
    (9, 'Australia', 'AU', 'Pacific'),
    (10, 'United Kingdom', 'GB', 'Europe')
) AS t (id, name, country, part);

-- Offers are announced 30 days before they start. Lines without an offer carry number 1.
INSERT INTO sales.specialoffer (
    specialofferid, description, discountpct, type, category, startdate, enddate, minqty, maxqty, rowguid, modifieddate
)
SELECT
    id, description, pct, type, category, first_day, last_day, minqty, maxqty,
    pg_temp.guid('specialoffer', id::text), first_day - interval '30 days'
FROM (
    VALUES
    (1, 'No Discount', 0.00, 'No Discount', 'No Discount', timestamp '2011-05-01', timestamp '2014-11-30', 0, NULL),
    (2, 'Bulk Order of 11 to 14', 0.02, 'Volume Discount', 'Reseller', '2011-05-31', '2014-06-30', 11, 14),
    (3, 'Bulk Order of 15 to 24', 0.05, 'Volume Discount', 'Reseller', '2011-05-31', '2014-06-30', 15, 24),
    (4, 'Bulk Order of 25 to 40', 0.10, 'Volume Discount', 'Reseller', '2011-05-31', '2014-06-30', 25, 40),
    (5, 'Bulk Order of 41 to 60', 0.15, 'Volume Discount', 'Reseller', '2011-05-31', '2014-06-30', 41, 60),
    (6, 'Bulk Order over 60', 0.20, 'Volume Discount', 'Reseller', '2011-05-31', '2014-06-30', 61, NULL),
    (7, 'Summit-100 Clearance', 0.35, 'Discontinued Product', 'Reseller', '2012-04-15', '2012-05-29', 0, NULL),
    (8, 'Helmet Month 2012', 0.10, 'Seasonal Discount', 'Reseller', '2012-05-30', '2012-06-29', 0, NULL),
    (9, 'Sprint-650 Overstock', 0.30, 'Excess Inventory', 'Reseller', '2012-05-30', '2012-07-30', 0, NULL),
    (10, 'Mountain Tires at Half Price', 0.50, 'Excess Inventory', 'Customer', '2013-05-15', '2013-07-29', 0, NULL),
    (11, 'Helmet Month 2013', 0.15, 'Seasonal Discount', 'Reseller', '2013-05-30', '2013-06-29', 0, NULL),
    (12, 'Road Frame Overstock', 0.35, 'Excess Inventory', 'Reseller', '2013-05-30', '2013-07-14', 0, NULL),
    (13, 'Voyage-3000 Introduction', 0.15, 'New Product', 'Reseller', '2013-05-30', '2013-08-29', 0, NULL),
    (14, 'Voyage-1000 Introduction', 0.20, 'New Product', 'Reseller', '2013-05-30', '2013-08-29', 0, NULL),
    (15, 'Pedals at Half Price', 0.50, 'Seasonal Discount', 'Customer', '2013-07-14', '2013-08-14', 0, NULL),
    (16, 'Summit-500 Silver Clearance', 0.40, 'Discontinued Product', 'Reseller', '2014-03-31', '2014-05-30', 0, NULL)
) AS o (id, description, pct, type, category, first_day, last_day, minqty, maxqty);
