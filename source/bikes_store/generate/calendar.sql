-- The order plan: when each of the 31,465 orders is placed, by whom, and with how many lines.
-- It runs first, because people.sql needs the day when a customer first bought.

CREATE TEMPORARY TABLE order_plan ON COMMIT DROP AS
WITH months (month, online, reseller) AS (
    -- Sales grow, with a high season before Christmas. The web shop jumps when it starts to sell accessories.
    VALUES
    (date '2011-05-01', 5, 38), ('2011-06-01', 140, 30), ('2011-07-01', 155, 52), ('2011-08-01', 150, 70),
    ('2011-09-01', 160, 61), ('2011-10-01', 175, 88), ('2011-11-01', 230, 40), ('2011-12-01', 186, 27),
    ('2012-01-01', 190, 90), ('2012-02-01', 182, 60), ('2012-03-01', 220, 85), ('2012-04-01', 200, 70),
    ('2012-05-01', 222, 95), ('2012-06-01', 250, 140), ('2012-07-01', 275, 110), ('2012-08-01', 215, 95),
    ('2012-09-01', 220, 130), ('2012-10-01', 210, 115), ('2012-11-01', 315, 60), ('2012-12-01', 244, 122),
    ('2013-01-01', 295, 105), ('2013-02-01', 250, 75), ('2013-03-01', 305, 135), ('2013-04-01', 325, 100),
    ('2013-05-01', 335, 95), ('2013-06-01', 530, 185), ('2013-07-01', 1565, 175), ('2013-08-01', 1690, 100),
    ('2013-09-01', 1610, 180), ('2013-10-01', 1790, 175), ('2013-11-01', 2010, 95), ('2013-12-01', 1879, 178),
    ('2014-01-01', 1965, 170), ('2014-02-01', 1755, 100), ('2014-03-01', 2130, 180), ('2014-04-01', 2110, 60),
    ('2014-05-01', 2230, 120), ('2014-06-01', 941, 0)
),

open_days AS (
    -- The first day of business is 2011-05-31.
    SELECT
        greatest(month, date '2011-05-31') AS first_day,
        (month + interval '1 month' - interval '1 day')::date AS last_day,
        online,
        reseller
    FROM months
),

placed AS (
    -- Online orders: one on every day, the rest on days by chance. i numbers the orders of a month.
    SELECT
        first_day + CASE
            WHEN i <= last_day - first_day + 1 THEN i - 1
            ELSE pg_temp.draw('order day', (last_day - date '2000-01-01') * 10000 + i, last_day - first_day + 1)
        END AS day,
        TRUE AS online,
        i
    FROM open_days, generate_series(1, online) AS i
    UNION ALL
    -- Resellers order at the end of the month.
    SELECT last_day, FALSE, i
    FROM open_days, generate_series(1, reseller) AS i
),

numbered AS (
    SELECT
        day,
        online,
        row_number() OVER (ORDER BY day, online, i) AS n,
        row_number() OVER (PARTITION BY online ORDER BY day, i) AS nth
    FROM (
        -- On three days of stocktaking in the first summer, nobody can order: their orders come a day later.
        SELECT day + (day IN ('2011-07-15', '2011-08-15', '2011-09-15'))::integer AS day, online, i FROM placed
    ) AS moved
),

with_buyer AS (
    -- 18,484 people place 27,659 online orders. Two orders of three come from a new customer (customers are
    -- numbered as they come), the others from a customer who has bought before.
    SELECT
        *,
        (nth * 18484 + 27658) / 27659 AS customers_now,
        ((nth - 1) * 18484 + 27658) / 27659 AS customers_before
    FROM numbered
),

with_weight AS (
    SELECT
        n,
        day,
        online,
        CASE
            -- There are 635 resellers. 263 and 635 have no common divisor, so each one orders once in 635 orders.
            WHEN NOT online THEN 29484 + nth * 263 % 635
            WHEN customers_now > customers_before THEN 10999 + customers_now
            ELSE 11000 + pg_temp.draw('returning customer', n, customers_now)
        END AS customerid,
        -- How many lines an order has after the first one, relative to the other orders of its channel.
        CASE
            -- Resellers order less in the first year, because they do not know the brand yet.
            WHEN NOT online
                THEN pg_temp.draw('lines', n, 55) * pg_temp.draw('more lines', n, 55)
                    / CASE WHEN day < '2012-01-01' THEN 80 ELSE 50 END
            WHEN day < '2013-07-01' THEN 0  -- the web shop sells single bikes until then
            ELSE pg_temp.pick('lines', n, ARRAY[0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 6])
        END AS weight,
        CASE WHEN online THEN 60398 - 27659 ELSE 60919 - 3806 END AS lines_beyond_first
    FROM with_buyer
),

with_share AS (
    -- Running totals share the lines out, so that the number of lines of a channel is exact.
    SELECT
        n,
        day,
        online,
        customerid,
        1 + running * lines_beyond_first / total - (running - weight) * lines_beyond_first / total AS lines
    FROM (
        SELECT
            *,
            sum(weight) OVER (PARTITION BY online ORDER BY n)::bigint AS running,
            sum(weight) OVER (PARTITION BY online)::bigint AS total
        FROM with_weight
    ) AS summed
)

SELECT
    n::integer AS n,
    day::timestamp AS orderdate,
    online,
    customerid::integer AS customerid,
    lines::integer AS lines,
    (sum(lines) OVER (ORDER BY n) - lines)::integer AS lines_before
FROM with_share;

ANALYZE order_plan;
