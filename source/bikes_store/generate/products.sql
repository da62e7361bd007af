-- Products: 504 of them (209 bare parts, 295 for sale), the offers that cover them, and three forgotten carts.

-- The range of products changes twice. A product without a last season is still sold.
CREATE TEMPORARY TABLE season ON COMMIT DROP AS
SELECT id, first_day, last_day
FROM (
    VALUES
    (1, date '2011-05-31', date '2012-05-29'),
    (2, date '2012-05-30', date '2013-05-29'),
    (3, date '2013-05-30', date '2014-06-30')
) AS s (id, first_day, last_day);

-- What all products of a subcategory share. The database holds only the numbers of the subcategories.
CREATE TEMPORARY TABLE subcategory ON COMMIT DROP AS
SELECT
    id,
    code,
    made,
    CASE WHEN id <= 3 THEN 100 WHEN id <= 17 THEN 500 ELSE 4 END AS safety_stock,
    CASE WHEN id <= 3 THEN 4 ELSE made::integer END AS days
FROM (
    VALUES
    (1, 'BM', TRUE), (2, 'BR', TRUE), (3, 'BT', TRUE),  -- bikes: mountain, road, touring
    (4, 'HB', TRUE), (5, 'BB', TRUE), (6, 'BC', FALSE), (7, 'CH', FALSE), (8, 'CS', TRUE), (9, 'DE', TRUE),
    (10, 'FK', TRUE), (11, 'HS', TRUE), (13, 'PD', FALSE), (15, 'SA', FALSE), (17, 'WH', TRUE),  -- components
    (12, 'FM', TRUE), (14, 'FR', TRUE), (16, 'FT', TRUE),  -- frames: mountain, road, touring
    (18, 'BS', FALSE), (19, 'CA', FALSE), (20, 'GL', FALSE), (21, 'JE', FALSE), (22, 'SH', FALSE),
    (23, 'SO', FALSE), (24, 'TI', FALSE), (25, 'VE', FALSE),  -- clothing
    (26, 'RK', FALSE), (27, 'ST', FALSE), (28, 'BO', FALSE), (29, 'CL', FALSE), (30, 'FE', FALSE),
    (31, 'HE', FALSE), (32, 'PK', FALSE), (33, 'LI', FALSE), (34, 'LO', FALSE), (35, 'PN', FALSE),
    (36, 'PU', FALSE), (37, 'TT', FALSE)  -- accessories
) AS s (id, code, made);

-- A model comes in every colour and every size. The name says which: "Summit-100 Silver, 40".
--   web      how well it sells in the web shop; 0 means that it is not there
--   resold   whether resellers order it; a product that neither channel sells stays in the catalogue
CREATE TEMPORARY TABLE model ON COMMIT DROP AS
SELECT
    (row_number() OVER (ORDER BY subcategory, nth))::integer AS id,
    subcategory,
    pattern,
    colours::text[] AS colours,
    sizes::text[] AS sizes,
    line,
    class,
    style,
    price,
    weight,
    first_season,
    last_season,
    web,
    resold
FROM (
    VALUES
    (1, 1, 'Summit-100 %c, %s', '{Silver,Black}', '{36,40,44,48}', 'M', 'H', 'U', 3378.99, 20.5, 1, 1, 5, TRUE),
    (1, 2, 'Summit-200 %c, %s', '{Silver,Black}', '{38,42,46}', 'M', 'H', 'U', 2308.99, 23.4, 2, NULL, 9, TRUE),
    (1, 3, 'Summit-300 %c, %s', '{Black}', '{38,40,44,48}', 'M', 'M', 'U', 1088.99, 24.7, 2, 2, 0, TRUE),
    (1, 4, 'Summit-400-W %c, %s', '{Silver}', '{38,40,42,46}', 'M', 'M', 'W', 778.99, 26.1, 3, NULL, 3, TRUE),
    (1, 5, 'Summit-500 %c, %s', '{Silver}', '{38,40,42,44,46,48,52}', 'M', 'L', 'U', 568.99, 27.2, 3, NULL, 2, TRUE),
    (1, 6, 'Summit-500 %c, %s', '{Black}', '{40,44,48}', 'M', 'L', 'U', 548.99, 27.2, 3, NULL, 2, TRUE),
    (2, 1, 'Sprint-150 %c, %s', '{Red}', '{44,48,52,56,62}', 'R', 'H', 'U', 3558.99, 14.1, 1, 1, 24, TRUE),
    (2, 2, 'Sprint-250 %c, %s', '{Red}', '{44,48,52}', 'R', 'H', 'U', 2438.99, 14.9, 2, 2, 12, TRUE),
    (2, 3, 'Sprint-250 %c, %s', '{Black}', '{44,48,52,58,62}', 'R', 'H', 'U', 2348.99, 14.9, 2, NULL, 8, TRUE),
    (2, 4, 'Sprint-350-W %c, %s', '{Yellow}', '{40,42,44,48}', 'R', 'M', 'W', 1708.99, 15.4, 3, NULL, 7, TRUE),
    (2, 5, 'Sprint-450 %c, %s', '{Red}', '{44,48,52,58,60}', 'R', 'M', 'U', 1468.99, 17.1, 1, 1, 0, TRUE),
    (2, 6, 'Sprint-550-W %c, %s', '{Yellow}', '{38,40,42,44,48}', 'R', 'M', 'W', 1128.99, 18.1, 2, NULL, 7, TRUE),
    (2, 7, 'Sprint-650 %c, %s', '{Red,Black}', '{44,48,52,58,60,62}', 'R', 'L', 'U', 788.99, 19.6, 1, 2, 2, TRUE),
    (2, 8, 'Sprint-750 %c, %s', '{Black}', '{44,48,52,58}', 'R', 'L', 'U', 548.99, 20.5, 3, NULL, 13, TRUE),
    (3, 1, 'Voyage-1000 %c, %s', '{Blue,Yellow}', '{46,50,54,60}', 'T', 'H', 'U', 2388.99, 25.3, 3, NULL, 5, TRUE),
    (3, 2, 'Voyage-2000 %c, %s', '{Blue}', '{46,50,54,60}', 'T', 'M', 'U', 1218.99, 27.0, 3, NULL, 3, TRUE),
    (3, 3, 'Voyage-3000 %c, %s', '{Blue,Yellow}', '{44,50,54,58,62}', 'T', 'L', 'U', 738.99, 29.2, 3, NULL, 3, TRUE),
    (4, 1, 'Basic %l Handlebars', NULL, NULL, 'M', 'L', NULL, 44.99, NULL, 2, NULL, 0, TRUE),
    (4, 2, 'Club %l Handlebars', NULL, NULL, 'M', 'M', NULL, 62.99, NULL, 2, NULL, 0, TRUE),
    (4, 3, 'Elite %l Handlebars', NULL, NULL, 'M', 'H', NULL, 118.99, NULL, 2, NULL, 0, TRUE),
    (4, 4, 'Basic %l Handlebars', NULL, NULL, 'R', 'L', NULL, 45.99, NULL, 2, NULL, 0, TRUE),
    (4, 5, 'Club %l Handlebars', NULL, NULL, 'R', 'M', NULL, 63.99, NULL, 2, NULL, 0, TRUE),
    (4, 6, 'Elite %l Handlebars', NULL, NULL, 'R', 'H', NULL, 120.99, NULL, 2, NULL, 0, TRUE),
    (4, 7, 'Basic %l Handlebars', NULL, NULL, 'T', 'L', NULL, 46.99, NULL, 3, NULL, 0, TRUE),
    (4, 8, 'Elite %l Handlebars', NULL, NULL, 'T', 'H', NULL, 91.99, NULL, 3, NULL, 0, TRUE),
    (5, 1, 'Basic Bottom Bracket', NULL, NULL, NULL, 'L', NULL, 53.99, 223, 3, NULL, 0, TRUE),
    (5, 2, 'Club Bottom Bracket', NULL, NULL, NULL, 'M', NULL, 101.99, 168, 3, NULL, 0, TRUE),
    (5, 3, 'Elite Bottom Bracket', NULL, NULL, NULL, 'H', NULL, 121.99, 170, 3, NULL, 0, TRUE),
    (6, 1, 'Front Brake Set', '{Silver}', NULL, NULL, NULL, NULL, 106.99, 317, 3, NULL, 0, TRUE),
    (6, 2, 'Rear Brake Set', '{Silver}', NULL, NULL, NULL, NULL, 108.99, 317, 3, NULL, 0, TRUE),
    (7, 1, 'Drive Chain', '{Silver}', NULL, NULL, NULL, NULL, 19.99, NULL, 3, NULL, 0, TRUE),
    (8, 1, 'Basic Crank Arms', '{Black}', NULL, NULL, 'L', NULL, 175.99, 600, 3, NULL, 0, TRUE),
    (8, 2, 'Club Crank Arms', '{Black}', NULL, NULL, 'M', NULL, 256.99, 635, 3, NULL, 0, TRUE),
    (8, 3, 'Elite Crank Arms', '{Black}', NULL, NULL, 'H', NULL, 404.99, 575, 3, NULL, 0, TRUE),
    (9, 1, 'Front Gear Changer', '{Silver}', NULL, NULL, NULL, NULL, 90.99, 88, 3, NULL, 0, TRUE),
    (9, 2, 'Rear Gear Changer', '{Silver}', NULL, NULL, NULL, NULL, 120.99, 215, 3, NULL, 0, TRUE),
    (10, 1, 'Basic Suspension Fork', NULL, NULL, NULL, 'L', NULL, 147.99, NULL, 2, 2, 0, TRUE),
    (10, 2, 'Club Suspension Fork', NULL, NULL, NULL, 'M', NULL, 174.99, NULL, 2, 2, 0, FALSE),
    (10, 3, 'Elite Suspension Fork', NULL, NULL, NULL, 'H', NULL, 228.99, NULL, 2, 2, 0, TRUE),
    (11, 1, 'Basic Steering Bearing', NULL, NULL, NULL, 'L', NULL, 33.99, NULL, 2, 2, 0, TRUE),
    (11, 2, 'Club Steering Bearing', NULL, NULL, NULL, 'M', NULL, 101.99, NULL, 2, 2, 0, TRUE),
    (11, 3, 'Elite Steering Bearing', NULL, NULL, NULL, 'H', NULL, 124.99, NULL, 2, 2, 0, TRUE),
    (12, 1, 'Elite %l Frame %c, %s', '{Black,Silver}', '{38,42,46,48}', 'M', 'H', 'U', 898.99, 2.7, 1, NULL, 0, TRUE),
    (12, 2, 'Club %l Frame %c, %s', '{Silver}', '{38,40,44,48}', 'M', 'M', 'U', 368.99, 2.9, 1, 1, 0, TRUE),
    (12, 3, 'Club %l Frame %c, %s', '{Black}', '{38,40,44,48}', 'M', 'M', 'U', 348.99, 2.9, 2, 2, 0, TRUE),
    (12, 4, 'Club %l Frame-W %c, %s', '{Silver}', '{38,40,42,46}', 'M', 'M', 'W', 364.99, 2.8, 2, NULL, 0, TRUE),
    (12, 5, 'Basic %l Frame %c, %s', '{Black,Silver}', '{40,44,48,52}', 'M', 'L', 'U', 258.99, 3.1, 3, NULL, 0, FALSE),
    (13, 1, 'Basic %l Pedals', '{Silver/Black}', NULL, 'M', 'L', NULL, 40.99, 218, 3, NULL, 0, TRUE),
    (13, 2, 'Club %l Pedals', '{Silver/Black}', NULL, 'M', 'M', NULL, 61.99, 215, 3, NULL, 0, TRUE),
    (13, 3, 'Elite %l Pedals', '{Silver/Black}', NULL, 'M', 'H', NULL, 80.99, 185, 3, NULL, 0, TRUE),
    (13, 4, 'Basic %l Pedals', '{Silver/Black}', NULL, 'R', 'L', NULL, 41.99, 189, 3, NULL, 0, TRUE),
    (13, 5, 'Club %l Pedals', '{Silver/Black}', NULL, 'R', 'M', NULL, 62.99, 168, 3, NULL, 0, TRUE),
    (13, 6, 'Elite %l Pedals', '{Silver/Black}', NULL, 'R', 'H', NULL, 81.99, 149, 3, NULL, 0, TRUE),
    (13, 7, '%l Pedals', '{Silver/Black}', NULL, 'T', NULL, NULL, 78.99, NULL, 3, NULL, 0, TRUE),
    (14, 1, 'Elite %l Frame %c, %s', '{Red,Black}', '{44,48,52,56,58,62}', 'R', 'H', 'U', 998.99, 2, 1, NULL, 0, FALSE),
    (14, 2, 'Club %l Frame %c, %s', '{Red}', '{44,48,52,58,60}', 'R', 'M', 'U', 598.99, 2.3, 1, 1, 0, TRUE),
    (14, 3, 'Basic %l Frame %c, %s', '{Black}', '{44,48,52,58,60,62}', 'R', 'L', 'U', 338.99, 2.5, 1, 2, 0, TRUE),
    (14, 4, 'Club %l Frame-W %c, %s', '{Yellow}', '{38,40,42,48}', 'R', 'M', 'W', 588.99, 2.2, 2, NULL, 0, TRUE),
    (14, 5, 'Basic %l Frame %c, %s', '{Red}', '{44,48,52,58,60,62}', 'R', 'L', 'U', 334.99, 2.5, 2, NULL, 0, TRUE),
    (15, 1, 'Basic %l Saddle', NULL, NULL, 'M', 'L', NULL, 26.99, NULL, 3, NULL, 0, FALSE),
    (15, 2, 'Club %l Saddle', NULL, NULL, 'M', 'M', NULL, 38.99, NULL, 3, NULL, 0, TRUE),
    (15, 3, 'Elite %l Saddle', NULL, NULL, 'M', 'H', NULL, 52.99, NULL, 3, NULL, 0, TRUE),
    (15, 4, 'Basic %l Saddle', NULL, NULL, 'R', 'L', NULL, 27.49, NULL, 3, NULL, 0, FALSE),
    (15, 5, 'Club %l Saddle', NULL, NULL, 'R', 'M', NULL, 39.49, NULL, 3, NULL, 0, TRUE),
    (15, 6, 'Elite %l Saddle', NULL, NULL, 'R', 'H', NULL, 53.50, NULL, 3, NULL, 0, TRUE),
    (15, 7, 'Basic %l Saddle', NULL, NULL, 'T', 'L', NULL, 27.99, NULL, 3, NULL, 0, FALSE),
    (15, 8, 'Club %l Saddle', NULL, NULL, 'T', 'M', NULL, 39.99, NULL, 3, NULL, 0, TRUE),
    (15, 9, 'Elite %l Saddle', NULL, NULL, 'T', 'H', NULL, 53.99, NULL, 3, NULL, 0, TRUE),
    (16, 1, 'Elite %l Frame %c, %s', '{Yellow,Blue}', '{46,50,54,60}', 'T', 'H', 'U', 798.99, 2.9, 3, NULL, 0, TRUE),
    (16, 2, 'Basic %l Frame %c, %s', '{Yellow,Blue}', '{44,50,54,58,62}', 'T', 'L', 'U', 328.99, 3.1, 3, NULL, 0, TRUE),
    (17, 1, 'Basic %l Front Wheel', '{Black}', NULL, 'M', 'L', NULL, 60.99, NULL, 2, 2, 0, TRUE),
    (17, 2, 'Club %l Front Wheel', '{Black}', NULL, 'M', 'M', NULL, 207.99, NULL, 2, 2, 0, TRUE),
    (17, 3, 'Elite %l Front Wheel', '{Black}', NULL, 'M', 'H', NULL, 298.99, NULL, 2, 2, 0, TRUE),
    (17, 4, 'Basic %l Front Wheel', '{Black}', NULL, 'R', 'L', NULL, 85.99, 900, 2, 2, 0, TRUE),
    (17, 5, 'Club %l Front Wheel', '{Black}', NULL, 'R', 'M', NULL, 247.99, 850, 2, 2, 0, TRUE),
    (17, 6, 'Elite %l Front Wheel', '{Black}', NULL, 'R', 'H', NULL, 329.99, 650, 2, 2, 0, TRUE),
    (17, 7, 'All-Round %l Front Wheel', '{Black}', NULL, 'T', NULL, NULL, 217.99, NULL, 2, 2, 0, TRUE),
    (17, 8, 'Basic %l Rear Wheel', '{Black}', NULL, 'M', 'L', NULL, 87.99, NULL, 2, 2, 0, TRUE),
    (17, 9, 'Club %l Rear Wheel', '{Black}', NULL, 'M', 'M', NULL, 235.99, NULL, 2, 2, 0, TRUE),
    (17, 10, 'Elite %l Rear Wheel', '{Black}', NULL, 'M', 'H', NULL, 326.99, NULL, 2, 2, 0, TRUE),
    (17, 11, 'Basic %l Rear Wheel', '{Black}', NULL, 'R', 'L', NULL, 112.99, 1050, 2, 2, 0, TRUE),
    (17, 12, 'Club %l Rear Wheel', '{Black}', NULL, 'R', 'M', NULL, 274.99, 1000, 2, 2, 0, TRUE),
    (17, 13, 'Elite %l Rear Wheel', '{Black}', NULL, 'R', 'H', NULL, 356.99, 890, 2, 2, 0, TRUE),
    (17, 14, 'All-Round %l Rear Wheel', '{Black}', NULL, 'T', NULL, NULL, 244.99, NULL, 2, 2, 0, TRUE),
    (18, 1, 'Bib Shorts for Men, %s', '{Multi}', '{S,M,L}', 'S', NULL, 'M', 88.99, NULL, 2, 2, 0, TRUE),
    (19, 1, 'Cycling Cap', '{Multi}', NULL, 'S', NULL, 'U', 8.99, NULL, 1, NULL, 12, TRUE),
    (20, 1, 'Short-Finger Gloves, %s', '{Black}', '{S,M,L}', 'S', NULL, 'U', 23.99, NULL, 2, NULL, 4, TRUE),
    (20, 2, 'Winter Gloves, %s', '{Black}', '{S,M,L}', 'M', NULL, 'U', 37.99, NULL, 2, 2, 0, TRUE),
    (21, 1, 'Team Jersey Long-Sleeve, %s', '{Multi}', '{S,M,L,XL}', 'S', NULL, 'U', 49.99, NULL, 1, NULL, 4, TRUE),
    (21, 2, 'Tour Jersey Short-Sleeve, %s', '{Yellow}', '{S,M,L,XL}', 'S', NULL, 'U', 53.99, NULL, 3, NULL, 4, TRUE),
    (22, 1, 'Men''s Race Shorts, %s', '{Black}', '{S,M,L,XL}', 'S', NULL, 'M', 59.99, NULL, 2, 2, 0, TRUE),
    (22, 2, 'Women''s Trail Shorts, %s', '{Black}', '{S,M,L}', 'M', NULL, 'W', 69.99, NULL, 2, NULL, 3, TRUE),
    (23, 1, 'Trail Socks, %s', '{White}', '{M,L}', 'M', NULL, 'U', 9.50, NULL, 1, 1, 0, TRUE),
    (23, 2, 'Sprint Socks, %s', '{White}', '{M,L}', 'R', NULL, 'U', 8.99, NULL, 3, NULL, 3, TRUE),
    (24, 1, 'Women''s Winter Tights, %s', '{Black}', '{S,M,L}', 'S', NULL, 'W', 74.99, NULL, 2, 2, 0, TRUE),
    (25, 1, 'Wind Vest, %s', '{Blue}', '{S,M,L}', 'S', NULL, 'U', 63.99, NULL, 3, NULL, 2, TRUE),
    (26, 1, 'Roof Rack for Four Bikes', NULL, NULL, 'S', NULL, NULL, 118.99, NULL, 3, NULL, 3, TRUE),
    (27, 1, 'Workshop Stand', NULL, NULL, 'M', NULL, NULL, 157.99, NULL, 3, NULL, 2, FALSE),
    (28, 1, 'Water Bottle', NULL, NULL, 'S', NULL, NULL, 4.99, NULL, 3, NULL, 24, TRUE),
    (28, 2, '%l Bottle Holder', NULL, NULL, 'M', NULL, NULL, 9.99, NULL, 3, NULL, 11, TRUE),
    (28, 3, '%l Bottle Holder', NULL, NULL, 'R', NULL, NULL, 8.99, NULL, 3, NULL, 10, TRUE),
    (29, 1, 'Bike Cleaner', NULL, NULL, 'S', NULL, NULL, 7.99, NULL, 3, NULL, 5, TRUE),
    (30, 1, 'Mudguards for %l Bikes', NULL, NULL, 'M', NULL, NULL, 21.99, NULL, 3, NULL, 12, FALSE),
    (31, 1, 'Shell-100 Helmet, %c', '{Red,Black,Blue}', NULL, 'S', NULL, NULL, 34.99, NULL, 1, NULL, 12, TRUE),
    (32, 1, 'Drinking Pack 70 oz', '{Silver}', '{70}', 'S', NULL, NULL, 54.99, NULL, 3, NULL, 4, TRUE),
    (33, 1, 'Front Light for Commuters', NULL, NULL, 'R', NULL, NULL, 13.99, NULL, 2, 2, 0, FALSE),
    (33, 2, 'Front Light for Night Riders', NULL, NULL, 'R', NULL, NULL, 44.99, NULL, 2, 2, 0, FALSE),
    (33, 3, 'Rear Light', NULL, NULL, 'R', NULL, NULL, 16.99, NULL, 2, 2, 0, FALSE),
    (34, 1, 'Cable Lock with Key', NULL, NULL, 'S', NULL, NULL, 24.99, NULL, 2, 2, 0, TRUE),
    (35, 1, 'Pannier Pair, Large', '{Grey}', NULL, 'T', NULL, NULL, 124.99, NULL, 2, 2, 0, FALSE),
    (36, 1, 'Frame Pump', NULL, NULL, 'S', NULL, NULL, 19.99, NULL, 2, 2, 0, TRUE),
    (36, 2, 'Floor Pump', NULL, NULL, 'M', NULL, NULL, 24.99, NULL, 2, 2, 0, FALSE),
    (37, 1, 'Basic %l Tire', NULL, NULL, 'M', 'L', NULL, 24.99, NULL, 3, NULL, 5, TRUE),
    (37, 2, 'Club %l Tire', NULL, NULL, 'M', 'M', NULL, 29.99, NULL, 3, NULL, 6, TRUE),
    (37, 3, 'Elite %l Tire', NULL, NULL, 'M', 'H', NULL, 34.99, NULL, 3, NULL, 8, TRUE),
    (37, 4, 'Basic %l Tire', NULL, NULL, 'R', 'L', NULL, 21.50, NULL, 3, NULL, 6, TRUE),
    (37, 5, 'Club %l Tire', NULL, NULL, 'R', 'M', NULL, 24.90, NULL, 3, NULL, 5, TRUE),
    (37, 6, 'Elite %l Tire', NULL, NULL, 'R', 'H', NULL, 32.50, NULL, 3, NULL, 5, TRUE),
    (37, 7, 'All-Round %l Tire', NULL, NULL, 'T', NULL, NULL, 28.99, NULL, 3, NULL, 5, TRUE),
    (37, 8, '%l Inner Tube', NULL, NULL, 'M', NULL, NULL, 4.99, NULL, 3, NULL, 18, TRUE),
    (37, 9, '%l Inner Tube', NULL, NULL, 'R', NULL, NULL, 3.99, NULL, 3, NULL, 13, TRUE),
    (37, 10, '%l Inner Tube', NULL, NULL, 'T', NULL, NULL, 4.99, NULL, 3, NULL, 8, TRUE),
    (37, 11, 'Puncture Kit with Eight Patches', NULL, NULL, 'S', NULL, NULL, 2.30, NULL, 3, NULL, 18, TRUE)
) AS m (
    subcategory, nth, pattern, colours, sizes, line, class, style, price, weight, first_season, last_season, web, resold
);

-- The products for sale, with two columns that the orders need: web, resold.
CREATE TEMPORARY TABLE article ON COMMIT DROP AS
SELECT
    (704 + row_number() OVER (ORDER BY m.first_season, m.id, c.nth, s.nth))::integer AS productid,
    replace(
        replace(replace(m.pattern, '%c', coalesce(c.colour, '')), '%s', coalesce(s.size, '')),
        '%l', CASE m.line WHEN 'M' THEN 'Mountain' WHEN 'R' THEN 'Road' WHEN 'T' THEN 'Touring' ELSE '' END
    ) AS name,
    m.id AS model,
    m.subcategory,
    c.colour,
    s.size,
    m.line,
    m.class,
    m.style,
    m.price,
    -- A larger frame weighs more.
    m.weight + CASE WHEN m.weight < 50 THEN (s.nth - 1) * m.weight / 50 ELSE 0 END AS weight,
    m.first_season,
    m.last_season,
    m.web,
    m.resold
FROM model AS m
CROSS JOIN unnest(coalesce(m.colours, ARRAY[NULL::text])) WITH ORDINALITY AS c (colour, nth)
CROSS JOIN unnest(coalesce(m.sizes, ARRAY[NULL::text])) WITH ORDINALITY AS s (size, nth);

INSERT INTO production.product (
    productid, name, productnumber, makeflag, finishedgoodsflag, color, safetystocklevel, reorderpoint,
    standardcost, listprice, size, sizeunitmeasurecode, weightunitmeasurecode, weight, daystomanufacture,
    productline, class, style, productsubcategoryid, productmodelid, sellstartdate, sellenddate, rowguid, modifieddate
)
SELECT
    a.productid,
    a.name,
    concat_ws('-', s.code || coalesce(a.line, 'X') || a.productid, a.size),
    s.made,
    TRUE,
    a.colour,
    s.safety_stock,
    s.safety_stock * 3 / 4,
    round(a.price * (4500 + pg_temp.draw('cost', a.model, 2000)) / 10000, 4),
    a.price,
    a.size,
    CASE WHEN a.subcategory IN (1, 2, 3, 12, 14, 16) THEN 'CM' END,
    CASE WHEN a.weight < 50 THEN 'LB' WHEN a.weight >= 50 THEN 'G' END,
    round(a.weight, 2),
    s.days,
    a.line,
    a.class,
    a.style,
    a.subcategory,
    a.model,
    f.first_day,
    l.last_day,
    pg_temp.guid('product', a.productid::text),
    -- One product was corrected two minutes after the others.
    CASE a.productid WHEN 800 THEN timestamp '2014-02-08 10:03:55.510' ELSE '2014-02-08 10:01:36.827' END
FROM article AS a
INNER JOIN subcategory AS s ON a.subcategory = s.id
INNER JOIN season AS f ON a.first_season = f.id
LEFT JOIN season AS l ON a.last_season = l.id;

-- Bare parts are not for sale, so they have no price, line, subcategory or model.
INSERT INTO production.product (
    productid, name, productnumber, makeflag, finishedgoodsflag, color, safetystocklevel, reorderpoint,
    standardcost, listprice, weightunitmeasurecode, weight, daystomanufacture, class, sellstartdate, rowguid,
    modifieddate
)
WITH kinds (nth, kind, code, variants, made, stock) AS (
    VALUES
    (1, 'Frame Tube', 'TU', '{Head,Seat,Top,Down,Steerer,Fork}'::text[], TRUE, 800),
    (2, 'Stay', 'SY', '{Chain,Seat,Bridge}', TRUE, 800),
    (3, 'Fork Blade', 'FB', '{Left,Right}', TRUE, 800),
    (4, 'Axle', 'AX', '{Front,Rear,Pedal}', TRUE, 800),
    (5, 'Bracket', 'BK', '{Stem,Lamp,Brake,Mudguard}', TRUE, 500),
    (6, 'Assembly', 'AS', '{Chain,Fork,Frame,Brake,Handlebar,Crank,Seat,Wheel,Headset}', TRUE, 500),
    (7, 'Paint', 'PA', '{Black,Blue,Red,Silver,Yellow}', FALSE, 60),
    (8, 'Decal', 'DC', '{Black,Blue,Red,Silver,Yellow,White}', FALSE, 60),
    (9, 'Mountain Rim', 'RM', '{Basic,Club,Elite}', FALSE, 800),
    (10, 'Road Rim', 'RR', '{Basic,Club,Elite}', FALSE, 800),
    (11, 'Touring Rim', 'RT', '{Club}', FALSE, 800),
    (12, 'Grip Tape', 'GT', '{Basic,Club,Elite}', FALSE, 800),
    (13, 'Spindle', 'SP', '{Basic,Club,Elite}', FALSE, 800),
    (14, 'Fork Crown', 'FC', '{Basic,Club,Elite}', FALSE, 800),
    (15, 'Hub', 'HU', '{Basic,Elite}', FALSE, 500),
    (16, 'Hex Bolt', 'HX', NULL, FALSE, 1000),
    (17, 'Cap Nut', 'CN', NULL, FALSE, 1000),
    (18, 'Lock Ring', 'LR', NULL, FALSE, 1000),
    (19, 'Plain Washer', 'PW', NULL, FALSE, 1000),
    (20, 'Spring Washer', 'SW', NULL, FALSE, 1000),
    (21, 'Cap Screw', 'CS', NULL, FALSE, 1000),
    (22, 'Cable End', 'CE', NULL, FALSE, 1000),
    (23, 'Ball Cage', 'BA', NULL, FALSE, 1000),
    (24, 'Spacer', 'SR', NULL, FALSE, 1000)
),

parts AS (
    SELECT
        row_number() OVER (ORDER BY k.nth, v.nth) AS n,
        k.kind,
        k.code,
        k.made,
        k.stock,
        v.variant,
        v.nth
    FROM kinds AS k
    -- Small parts have numbers: there are 17 of each kind.
    CROSS JOIN
        unnest(coalesce(k.variants, (SELECT array_agg(i::text ORDER BY i) FROM generate_series(1, 17) AS i)))
        WITH ORDINALITY AS v (variant, nth)
)

SELECT
    -- The first four parts are older than the numbers of the others.
    CASE WHEN n <= 4 THEN n ELSE 312 + n END,
    CASE WHEN variant ~ '^[0-9]+$' THEN kind || ' ' || variant ELSE variant || ' ' || kind END,
    code || '-' || 1000 + pg_temp.draw('part number', n, 9000),
    made,
    FALSE,
    CASE WHEN kind IN ('Paint', 'Decal') THEN variant END,
    stock,
    stock * 3 / 4,
    0,
    0,
    CASE WHEN kind LIKE '% Rim' THEN 'G' END,
    CASE WHEN kind LIKE '% Rim' THEN 400 + pg_temp.draw('rim weight', n, 60) END,
    made::integer,
    CASE variant WHEN 'Basic' THEN 'L' WHEN 'Club' THEN 'M' WHEN 'Elite' THEN 'H' END,
    '2008-04-30',
    pg_temp.guid('product', (CASE WHEN n <= 4 THEN n ELSE 312 + n END)::text),
    '2014-02-08 10:01:36.827'
FROM parts;

-- Which offers cover which products. A cheaper product can get a larger volume discount.
INSERT INTO sales.specialofferproduct (specialofferid, productid, rowguid, modifieddate)
WITH by_price AS (
    SELECT productid, row_number() OVER (ORDER BY price, productid) AS rank FROM article WHERE resold
),

covered (specialofferid, productid) AS (
    SELECT 1, productid FROM article
    UNION ALL
    SELECT v.id, b.productid
    FROM (VALUES (2, 111), (3, 55), (4, 17), (5, 2)) AS v (id, products)
    INNER JOIN by_price AS b ON v.products >= b.rank
    UNION ALL
    SELECT o.id, a.productid
    FROM (
        VALUES
        (7, 'Summit-100 %'), (8, 'Shell-100 %'), (9, 'Sprint-650 Red, 44'), (10, '% Mountain Tire'),
        (11, 'Shell-100 %'), (12, 'Elite Road Frame %'), (13, 'Voyage-3000 %'), (14, 'Voyage-1000 Blue%'),
        (15, '%Pedals'), (16, 'Summit-500 Silver%')
    ) AS o (id, pattern)
    INNER JOIN article AS a ON a.name LIKE o.pattern
)

SELECT
    c.specialofferid,
    c.productid,
    pg_temp.guid('specialofferproduct', c.specialofferid || ' ' || c.productid),
    o.modifieddate
FROM covered AS c
INNER JOIN sales.specialoffer AS o USING (specialofferid);

-- The id of a cart is text, although it looks like a number.
INSERT INTO sales.shoppingcartitem (
    shoppingcartitemid, shoppingcartid, quantity, productid, datecreated, modifieddate
)
SELECT c.id, c.cart, c.quantity, a.productid, '2013-11-09 17:54:07.603', '2013-11-09 17:54:07.603'
FROM (
    VALUES (2, '15208', 3, 'Short-Finger Gloves, L'), (4, '20377', 4, 'Wind Vest, M'), (5, '20377', 7, 'Water Bottle')
) AS c (id, cart, quantity, name)
INNER JOIN article AS a ON c.name = a.name;
