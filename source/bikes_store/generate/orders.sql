-- Orders, their lines and their reasons. All counts (who pays in which currency, who pays without a card, who
-- gives how many reasons) are fixed for the 31,465 orders of the plan. With a scale of n, each of these orders is
-- sold n times, so that every count is n times as large.

CREATE TEMPORARY TABLE planned ON COMMIT DROP AS
WITH rates (code, territory, online, orders) AS (
    -- How many orders are paid in the customer's currency. The mark and the franc end when their quotation ends.
    VALUES
    ('AUD', 9, TRUE, 6550), ('CAD', 6, TRUE, 3147), ('GBP', 10, TRUE, 2967),
    ('DEM', 8, TRUE, 76), ('FRF', 7, TRUE, 59),
    ('AUD', 9, FALSE, 125), ('CAD', 6, FALSE, 692), ('GBP', 10, FALSE, 188),
    ('EUR', 8, FALSE, 138), ('EUR', 7, FALSE, 34)
),

with_buyer AS (
    SELECT
        p.*,
        c.territoryid,
        s.salespersonid AS store_salesperson,
        t.id AS season,
        -- Ranks by chance, among the orders of the same channel.
        row_number() OVER (PARTITION BY p.online ORDER BY pg_temp.draw('no card', p.n, 1000000000), p.n) AS card_rank,
        row_number() OVER (PARTITION BY p.online ORDER BY pg_temp.draw('reasons', p.n, 1000000000), p.n) AS reason_rank,
        row_number() OVER (PARTITION BY p.online ORDER BY pg_temp.draw('late', p.n, 1000000000), p.n) AS late_rank,
        r.currencyrateid,
        q.orders AS rated_orders,
        row_number() OVER (
            PARTITION BY p.online, c.territoryid, r.currencyrateid IS NULL
            ORDER BY pg_temp.draw('rated', p.n, 1000000000), p.n
        ) AS rate_rank
    FROM order_plan AS p
    INNER JOIN sales.customer AS c ON p.customerid = c.customerid
    INNER JOIN season AS t ON p.orderdate BETWEEN t.first_day AND t.last_day
    LEFT JOIN stores AS s ON c.storeid = s.id
    LEFT JOIN rates AS q ON c.territoryid = q.territory AND p.online = q.online
    LEFT JOIN sales.currencyrate AS r ON q.code = r.tocurrencycode AND p.orderdate = r.currencyratedate
)

SELECT
    b.n,
    b.orderdate,
    b.online,
    b.customerid,
    b.lines,
    b.lines_before,
    b.territoryid,
    b.season,
    CASE
        WHEN b.online THEN NULL
        WHEN b.store_salesperson = 280 AND b.orderdate >= '2012-09-30' THEN 284
        WHEN b.orderdate >= s.hired THEN b.store_salesperson
        -- Before a salesperson comes, the manager of the region sells; before that manager came, the only manager.
        WHEN b.territoryid IN (7, 8, 10) AND b.orderdate >= '2012-04-16' THEN 287
        WHEN b.territoryid = 9 AND b.orderdate >= '2013-03-14' THEN 285
        ELSE 274
    END AS salespersonid,
    CASE WHEN b.rate_rank <= b.rated_orders THEN b.currencyrateid END AS currencyrateid,
    b.card_rank > CASE WHEN b.online THEN 1124 ELSE 7 END AS by_card,
    CASE
        WHEN NOT b.online THEN NULL
        WHEN b.reason_rank <= 153 THEN pg_temp.pick('three reasons', b.n, '{1 2 5,1 4 6,2 5 9,1 5 9}'::text[])
        WHEN b.reason_rank <= 4482
            THEN pg_temp.pick('two reasons', b.n, '{1 2,1 2,1 2,1 2,1 2,1 4,1 6,1 10,5 9,5 9,5 9,2 5,6 9,5 10}'::text[])
        WHEN b.reason_rank <= 23012
            THEN pg_temp.pick('reason', b.n, '{1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,4,6,10}'::text[])
    END AS reasons,
    NOT b.online AND b.late_rank <= 9 AS late
FROM with_buyer AS b
LEFT JOIN sales_staff AS s ON b.store_salesperson = s.id;

-- Every copy of every planned order. key drives chance; for the first copy it is the same in every scale.
CREATE TEMPORARY TABLE placed ON COMMIT DROP AS
SELECT
    p.*,
    43658 + (p.n - 1) * s.scale + copy AS salesorderid,
    p.lines_before * s.scale + (copy - 1) * p.lines AS details_before,
    (copy - 1)::bigint * 31465 + p.n AS key
FROM planned AS p
CROSS JOIN (SELECT current_setting('bikes_store.scale')::integer AS scale) AS s
CROSS JOIN generate_series(1, s.scale) AS copy;

ANALYZE placed;

-- What a buyer can choose from: one shelf for each kind of buyer and each season. In the web shop, a product that
-- sells well has more places. The lines of an order are spread evenly over the shelf, so no order has a product twice.
CREATE TEMPORARY TABLE shelf ON COMMIT DROP AS
SELECT
    k.kind,
    s.id AS season,
    (
        row_number() OVER (
            -- The order is by chance, but the places of one product are side by side.
            PARTITION BY k.kind, s.id ORDER BY pg_temp.draw('shelf', a.productid, 1000000000), a.productid
        ) - 1
    )::integer AS place,
    (count(*) OVER (PARTITION BY k.kind, s.id))::integer AS places,
    a.productid
FROM article AS a
INNER JOIN season AS s ON s.id BETWEEN a.first_season AND coalesce(a.last_season, 3)
CROSS JOIN
    LATERAL (
        SELECT 'reseller' AS kind, 1 AS room WHERE a.resold
        UNION ALL
        SELECT CASE WHEN a.subcategory <= 3 THEN 'web bike' ELSE 'web other' END, a.web WHERE a.web > 0
    ) AS k
CROSS JOIN generate_series(1, k.room);

ANALYZE shelf;

CREATE TEMPORARY TABLE bulk ON COMMIT DROP AS
SELECT productid, max(specialofferid) AS best_offer
FROM sales.specialofferproduct
WHERE specialofferid BETWEEN 1 AND 5
GROUP BY productid;

-- Each line and its product.
CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS
WITH wanted AS (
    SELECT
        salesorderid,
        online,
        orderdate,
        season,
        key,
        details_before,
        lines,
        line,
        key * 100 + line AS line_key,
        CASE
            WHEN NOT online THEN 'reseller'
            -- The first line of a web order is a bike: always at first, in two of five orders since accessories came.
            WHEN line = 1 AND (orderdate < '2013-07-01' OR pg_temp.draw('bike', key, 1000) < 420) THEN 'web bike'
            ELSE 'web other'
        END AS kind
    FROM placed
    CROSS JOIN generate_series(1, lines) AS line
),

-- MATERIALIZED: joined in one step, each line would be tried with every place of its shelf, 25 million times.
aimed AS MATERIALIZED (
    SELECT
        w.*,
        (pg_temp.draw('place', w.key, p.places) + (w.line - 1) * (p.places / w.lines)) % p.places AS place
    FROM wanted AS w
    INNER JOIN (SELECT DISTINCT kind, season, places FROM shelf) AS p USING (kind, season)
)

SELECT
    w.*,
    f.productid
FROM aimed AS w
INNER JOIN shelf AS f USING (kind, season, place);

-- Without it, PostgreSQL expects a few lines, and compares each of them with each product.
ANALYZE chosen;

CREATE TEMPORARY TABLE sold ON COMMIT DROP AS
WITH counted AS (
    SELECT
        c.*,
        a.price,
        -- The model decides which part of the list price resellers pay.
        a.price * pg_temp.pick(
            'reseller price', a.model, '{0.6,0.6,0.6,0.6,0.5825,0.5775,0.5475}'::numeric[]
        ) AS reseller_price,
        CASE
            WHEN c.online THEN 1
            -- Mostly small numbers. In bulk orders, the largest number is larger for a cheaper product.
            WHEN pg_temp.draw('bulk', c.line_key, 10) > 0
                THEN 1 + pg_temp.draw('quantity', c.line_key, 100) * pg_temp.draw('more', c.line_key, 100) / 1000
            ELSE 1 + pg_temp.draw('quantity', c.line_key, ('{10,14,24,40,60}'::integer[])[b.best_offer])
        END AS quantity
    FROM chosen AS c
    INNER JOIN article AS a USING (productid)
    INNER JOIN bulk AS b USING (productid)
),

campaigns AS (
    SELECT c.specialofferid, c.productid, o.startdate, o.enddate
    FROM sales.specialofferproduct AS c
    INNER JOIN sales.specialoffer AS o USING (specialofferid)
    WHERE c.specialofferid > 6 AND o.category = 'Reseller'
),

offered AS (
    SELECT
        c.*,
        coalesce(
            g.specialofferid,
            CASE
                WHEN c.quantity > 40 THEN 5
                WHEN c.quantity > 24 THEN 4
                WHEN c.quantity > 14 THEN 3
                WHEN c.quantity > 10 THEN 2
                ELSE 1
            END
        ) AS specialofferid
    FROM counted AS c
    LEFT JOIN campaigns AS g
        ON c.productid = g.productid AND c.orderdate BETWEEN g.startdate AND g.enddate
        -- The web shop has only offers that introduce a product, and there they bring no discount.
            AND (NOT c.online OR g.specialofferid IN (13, 14))
)

SELECT
    f.salesorderid,
    f.details_before + f.line AS salesorderdetailid,
    f.online,
    f.orderdate,
    f.quantity,
    f.productid,
    f.specialofferid,
    round(CASE WHEN f.online THEN f.price ELSE f.reseller_price END, 4) AS unitprice,
    CASE WHEN f.online THEN 0 ELSE o.discountpct END AS unitpricediscount
FROM offered AS f
INNER JOIN sales.specialoffer AS o ON f.specialofferid = o.specialofferid;

ANALYZE sold;

INSERT INTO sales.salesorderheader (
    salesorderid, revisionnumber, orderdate, duedate, shipdate, status, onlineorderflag, purchaseordernumber,
    accountnumber, customerid, salespersonid, territoryid, billtoaddressid, shiptoaddressid, shipmethodid, creditcardid,
    creditcardapprovalcode, currencyrateid, subtotal, taxamt, freight, totaldue, rowguid, modifieddate
)
WITH sums AS (
    -- A line has up to six decimals, the header four.
    SELECT salesorderid, round(sum(quantity * unitprice * (1 - unitpricediscount)), 4) AS subtotal
    FROM sold
    GROUP BY salesorderid
),

taxed AS (
    SELECT
        p.*,
        s.subtotal,
        round(s.subtotal * CASE WHEN p.online THEN 0.08 ELSE 0.09 + p.territoryid * 0.001 END, 4) AS taxamt,
        round(s.subtotal * CASE WHEN p.online THEN 0.025 ELSE 0.03 END, 4) AS freight
    FROM placed AS p
    INNER JOIN sums AS s ON p.salesorderid = s.salesorderid
)

SELECT
    salesorderid,
    CASE WHEN NOT online AND pg_temp.draw('revision', key, 127) = 0 THEN 9 ELSE 8 END,
    orderdate,
    orderdate + CASE WHEN late THEN interval '13 days' ELSE interval '12 days' END,
    orderdate + CASE WHEN late THEN interval '8 days' ELSE interval '7 days' END,
    5,
    online,
    CASE WHEN NOT online THEN 'PO' || 100000000 + salesorderid::bigint * 421 END,
    CASE WHEN online THEN '10-4030-0' ELSE '10-4020-0' END || customerid,
    customerid,
    salespersonid,
    territoryid,
    400 + customerid,
    400 + customerid + CASE WHEN pg_temp.draw('other address', key, 317) = 0 THEN 1 ELSE 0 END,
    CASE WHEN online THEN 1 ELSE 5 END,
    CASE WHEN by_card THEN 1 + pg_temp.draw('card', customerid, 19237) END,
    CASE
        WHEN by_card
            THEN 10000 + pg_temp.draw('approval', key, 1290000) || 'Vi' || 1 + pg_temp.draw('approval end', key, 96000)
    END,
    currencyrateid,
    subtotal,
    taxamt,
    freight,
    subtotal + taxamt + freight,
    pg_temp.guid('salesorderheader', salesorderid::text),
    orderdate + CASE WHEN late THEN interval '8 days' ELSE interval '7 days' END
FROM taxed
ORDER BY salesorderid;

-- Lines and reasons have the date of the order, so they are a week older than their header.
INSERT INTO sales.salesorderdetail (
    salesorderid, salesorderdetailid, carriertrackingnumber, orderqty, productid, specialofferid, unitprice,
    unitpricediscount, rowguid, modifieddate
)
SELECT
    salesorderid,
    salesorderdetailid,
    -- Each order of a reseller is one parcel. The web shop does not track its parcels.
    CASE WHEN NOT online THEN upper(substr(pg_temp.guid('parcel', salesorderid::text)::text, 5, 12)) END,
    quantity,
    productid,
    specialofferid,
    unitprice,
    unitpricediscount,
    pg_temp.guid('salesorderdetail', salesorderdetailid::text),
    orderdate
FROM sold
ORDER BY salesorderdetailid;

INSERT INTO sales.salesorderheadersalesreason (salesorderid, salesreasonid, modifieddate)
SELECT p.salesorderid, r.reason::integer, p.orderdate
FROM placed AS p
CROSS JOIN string_to_table(p.reasons, ' ') AS r (reason)
ORDER BY p.salesorderid, r.reason::integer;
