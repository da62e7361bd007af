-- People, employees, salespeople with their quotas and territories, stores and customers.
--
-- How the ids are laid out:
--   1 to 290        employees; 274 to 290 are the salespeople
--   291 to 1692     store contacts (odd) and their stores (even)
--   1693 to 2189    more store contacts (52), contacts at vendors (156), other contacts (289)
--   2190 to 20673   people who buy in the web shop
--   customers       1 to 701 the stores, 11000 to 29483 the people, 29484 to 30118 store contacts who order

-- How many people of each type have a title, a middle name or a suffix. Chance says who.
CREATE TEMPORARY TABLE people ON COMMIT DROP AS
WITH types (persontype, first_id, step, people, titles, middle_names, suffixes) AS (
    VALUES
    ('EM', 1, 1, 273, 6, 262, 2),
    ('SP', 274, 1, 17, 2, 16, 0),
    ('SC', 291, 2, 701, 701, 410, 37),
    ('SC', 1693, 1, 52, 44, 32, 2),
    ('VC', 1745, 1, 156, 152, 86, 4),
    ('GC', 1901, 1, 289, 3, 13, 5),
    ('IN', 2190, 1, 18484, 101, 10654, 3)
),

numbered AS (
    SELECT
        *,
        first_id + step * (i - 1) AS id,
        pg_temp.draw('female', first_id + step * (i - 1), 2) = 0 AS female
    FROM types, generate_series(1, people) AS i
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY first_id ORDER BY pg_temp.draw('title', id, 1000000), id) AS title_rank,
        row_number() OVER (PARTITION BY first_id ORDER BY pg_temp.draw('middle name', id, 1000000), id) AS middle_rank,
        -- Men before women: the suffixes are men's.
        row_number() OVER (PARTITION BY first_id ORDER BY female, pg_temp.draw('suffix', id, 1000000), id)
            AS suffix_rank,
        row_number() OVER (ORDER BY pg_temp.draw('rare last name', id, 1000000), id) AS rare_rank
    FROM numbered
)

SELECT
    r.id,
    r.i,
    r.persontype,
    r.female,
    CASE
        WHEN r.title_rank > r.titles THEN NULL
        WHEN r.female THEN pg_temp.pick('title', r.id, '{Ms.,Ms.,Ms.,Ms.,Mrs.}'::text[])
        ELSE 'Mr.'
    END AS title,
    CASE
        WHEN r.female THEN pg_temp.pick('first name', r.id, l.women)
        ELSE pg_temp.pick('first name', r.id, l.men)
    END AS firstname,
    CASE
        WHEN r.middle_rank > r.middle_names THEN NULL
        -- Mostly an initial, sometimes with a dot, rarely a whole name.
        WHEN pg_temp.draw('middle form', r.id, 400) = 0 THEN pg_temp.pick('middle name', r.id, l.men)
        WHEN pg_temp.draw('middle form', r.id, 400) <= 20 THEN chr(65 + pg_temp.draw('middle initial', r.id, 25)) || '.'
        ELSE chr(65 + pg_temp.draw('middle initial', r.id, 25))
    END AS middlename,
    -- 101 names with letters beyond ASCII and 9 with an apostrophe test the encoding and quoting of a pipeline.
    CASE
        WHEN r.rare_rank <= 101 THEN pg_temp.pick('last name', r.id, l.accented)
        WHEN r.rare_rank <= 110 THEN pg_temp.pick('last name', r.id, l.apostrophes)
        ELSE pg_temp.pick('last name', r.id, l.plain)
    END AS lastname,
    CASE
        WHEN r.suffix_rank <= r.suffixes
            THEN pg_temp.pick('suffix', r.id, '{Jr.,Jr.,Jr.,Jr.,Sr.,II,III,IV,PhD}'::text[])
    END AS suffix
FROM ranked AS r
CROSS JOIN (
    SELECT
        '{Abigail,Ada,Alice,Amanda,Amelia,Amy,Andrea,Angela,Anna,Ava,Barbara,Beatrice,Bella,Bridget,Camila,Carla,
        Caroline,Cecilia,Charlotte,Chloe,Claire,Clara,Cora,Daisy,Dana,Daniela,Deborah,Diana,Dora,Edith,Elaine,Eleanor,
        Elena,Eliza,Ella,Ellen,Emilia,Emma,Erica,Esther,Eva,Evelyn,Faith,Fiona,Flora,Frances,Gabriela,Gemma,Gloria,
        Grace,Greta,Hannah,Harriet,Hazel,Heidi,Helen,Ida,Ingrid,Irene,Iris,Isabel,Ivy,Jana,Jane,Jasmine,Jill,Joan,
        Josephine,Judith,Julia,Karen,Kate,Kim,Laura,Leah,Lena,Lily,Linda,Lucy,Lydia,Mabel,Marta,Mary,Maya,Megan,Mia,
        Molly,Nadia,Nina,Nora,Olga,Olivia,Paula,Petra,Phoebe,Rachel,Rebecca,Rita,Rosa,Ruby,Ruth,Sara,Simone,Sofia,
        Stella,Susan,Sylvia,Tara,Teresa,Thea,Ursula,Vera,Victoria,Wendy,Yasmin,Yvonne,Zoe}'::text[] AS women,
        '{Aaron,Adam,Adrian,Alan,Albert,Alec,Alex,Alfred,Andrew,Anton,Arthur,Ben,Bernard,Bruno,Caleb,Carl,Charles,
        Christian,Colin,Conrad,Craig,Daniel,David,Dennis,Dominic,Douglas,Duncan,Edgar,Edmund,Edward,Eli,Elliot,Emil,
        Eric,Ethan,Felix,Finn,Francis,Frank,Fred,Gabriel,Gareth,Gavin,George,Gerald,Gilbert,Gordon,Graham,Gregory,
        Harold,Harry,Harvey,Henry,Herbert,Hugo,Ian,Isaac,Ivan,Jack,Jacob,James,Jan,Jason,Joel,John,Jonas,Joseph,
        Julian,Keith,Kevin,Kurt,Lars,Lawrence,Leo,Leon,Lewis,Liam,Louis,Lucas,Luis,Marco,Marcus,Mark,Martin,Matthew,
        Max,Michael,Miguel,Miles,Nathan,Neil,Nicholas,Noah,Norman,Oliver,Oscar,Owen,Pablo,Patrick,Paul,Peter,Philip,
        Ralph,Ramon,Raymond,Robert,Roger,Samuel,Scott,Sebastian,Simon,Stefan,Stephen,Theo,Thomas,Tobias,Victor,
        Vincent,Walter,William}'::text[] AS men,
        '{Abbott,Adler,Ainsley,Allard,Archer,Ashton,Atwood,Baker,Barlow,Barnes,Baxter,Becker,Bennett,Berg,Bishop,
        Blake,Bolton,Bowman,Brandt,Brewer,Brooks,Burton,Butler,Calder,Cameron,Carver,Castro,Chambers,Chandra,Chapman,
        Cheng,Clayton,Cole,Conway,Cooper,Cortez,Craven,Crosby,Curtis,Dalton,Davies,Dawson,Delgado,Dixon,Doyle,Drake,
        Dubois,Eaton,Ellis,Emerson,Engel,Farmer,Faulkner,Fernando,Fischer,Fleming,Fletcher,Forster,Fournier,Fraser,
        Fuchs,Gallo,Gardner,Garner,Gibbons,Glover,Goodwin,Grant,Gray,Gupta,Haines,Hale,Hammond,Harding,Hartman,Hayes,
        Hendricks,Hobbs,Hoffman,Holloway,Horn,Howell,Hsu,Hubbard,Hunter,Ingram,Iyer,Jacobs,Jansen,Jarvis,Jennings,
        Kapoor,Keller,Kemp,Khan,Kirby,Klein,Knight,Kowalski,Kramer,Lambert,Lane,Larkin,Larsen,Leblanc,Lindgren,Liu,
        Lloyd,Logan,Lopez,Ludwig,Maddox,Malone,Marsh,Mason,Maxwell,Mayer,Mercer,Merritt,Meyer,Mills,Monroe,Moran,
        Moreau,Morrow,Nash,Navarro,Newman,Nielsen,Nolan,Norris,Novak,Ogden,Olsen,Ortega,Osborne,Owens,Palmer,Parson,
        Patel,Payne,Pearson,Perez,Petit,Phelps,Pittman,Porter,Powell,Pratt,Quick,Quinn,Ramos,Randall,Rao,Raymond,
        Reeves,Reyes,Richter,Ridley,Rios,Rowe,Roy,Russo,Salazar,Sandoval,Savage,Schmid,Schultz,Sharp,Shen,Silva,
        Simmons,Singh,Slater,Snyder,Sousa,Spencer,Stokes,Sutton,Swan,Tanner,Thorne,Todd,Torres,Tran,Tucker,Turner,
        Underwood,Valdez,Vance,Vaughn,Vogel,Wagner,Walsh,Walton,Wang,Watts,Weber,Webster,Wheeler,Whitaker,Wilder,
        Winter,Wolf,Wong,Woods,Wyatt,Yates,Yoder,York,Young,Zhang,Ziegler,Zimmer}'::text[] AS plain,
        '{Müller,Schröder,Jäger,Groß,Núñez,García,Peña,Muñoz,Lefèvre,Bérard,Gonçalves,Sørensen,Ångström,Dvořák,
        Wałęsa,Çelik}'::text[] AS accented,
        '{O''Brien,O''Hara,D''Amico,O''Keefe}'::text[] AS apostrophes
) AS l;

ANALYZE people;

-- Salespeople: their first day, their home territory, how many of the twelve quarterly quotas they got
-- and how many stores they look after. The three managers have no territory and no store.
CREATE TEMPORARY TABLE sales_staff ON COMMIT DROP AS
SELECT *
FROM (
    VALUES
    (274, date '2011-01-04', NULL::integer, 12, 0),
    (275, '2011-05-31', 2, 12, 84), (276, '2011-05-31', 4, 12, 60), (277, '2011-05-31', 3, 12, 82),
    (278, '2011-05-31', 6, 12, 72), (279, '2011-05-31', 5, 12, 78), (280, '2011-05-31', 1, 12, 40),
    (281, '2011-05-31', 4, 12, 62), (282, '2011-05-31', 6, 12, 70), (283, '2011-05-31', 1, 12, 38),
    (284, '2012-09-30', 1, 7, 0),  -- takes over the stores of 280
    (285, '2013-03-14', NULL, 4, 0),
    (286, '2013-05-30', 9, 4, 30),
    (287, '2012-04-16', NULL, 8, 0),
    (288, '2013-05-30', 8, 4, 26), (289, '2012-05-30', 10, 8, 38), (290, '2012-05-30', 7, 8, 21)
) AS s (id, hired, territory, quotas, stores);

-- Who looks after which of the 701 stores. 701 is a prime number, so the remainder of 263 * n mixes the stores.
CREATE TEMPORARY TABLE stores ON COMMIT DROP AS
SELECT
    i.n,
    290 + 2 * i.n AS id,
    s.id AS salespersonid,
    s.territory
FROM (
    SELECT id, territory, sum(stores) OVER (ORDER BY id) - stores AS before, sum(stores) OVER (ORDER BY id) AS upto
    FROM sales_staff
) AS s
INNER JOIN generate_series(1, 701) AS i (n) ON i.n * 263 % 701 >= s.before AND i.n * 263 % 701 < s.upto;

INSERT INTO person.person (
    businessentityid, persontype, namestyle, title, firstname, middlename, lastname, suffix, emailpromotion,
    additionalcontactinfo, demographics, rowguid, modifieddate
)
WITH first_order AS (
    SELECT
        customerid - 8810 AS id,
        min(orderdate) AS orderdate
    FROM order_plan
    WHERE online
    GROUP BY customerid
),

surveys AS (
    -- Buyers in the web shop answered many questions, all other people none.
    SELECT
        id,
        concat(
            '<IndividualSurvey xmlns="urn:bikes-store:individual-survey"><TotalPurchaseYTD>',
            CASE persontype WHEN 'SC' THEN round(pg_temp.draw('purchases', id, 9000000) / 100.0 - 20000, 2) ELSE 0 END,
            '</TotalPurchaseYTD></IndividualSurvey>'
        ) AS survey
    FROM people
    WHERE persontype <> 'IN'
    UNION ALL
    SELECT
        p.id,
        concat(
            '<IndividualSurvey xmlns="urn:bikes-store:individual-survey">',
            '<TotalPurchaseYTD>',
            round(pg_temp.draw('purchases', p.id, 900000) / 100.0 - 800, 2),
            '</TotalPurchaseYTD>',
            '<DateFirstPurchase>', to_char(o.orderdate, 'YYYY-MM-DD'), 'Z</DateFirstPurchase>',
            '<BirthDate>',
            to_char(date '1940-01-01' + pg_temp.draw('birth date', p.id, 16000), 'YYYY-MM-DD'),
            'Z</BirthDate>',
            '<MaritalStatus>', pg_temp.pick('married', p.id, '{M,S}'::text[]), '</MaritalStatus>',
            '<YearlyIncome>',
            pg_temp.pick(
                'income', p.id,
                '{0-25000,25001-50000,25001-50000,50001-75000,50001-75000,75001-100000,greater than 100000}'::text[]
            ),
            '</YearlyIncome>',
            '<Gender>', CASE WHEN p.female THEN 'F' ELSE 'M' END, '</Gender>',
            '<TotalChildren>', pg_temp.draw('children', p.id, 6), '</TotalChildren>',
            '<NumberChildrenAtHome>',
            pg_temp.draw('children at home', p.id, pg_temp.draw('children', p.id, 6) + 1),
            '</NumberChildrenAtHome>',
            '<Education>',
            pg_temp.pick(
                'education', p.id,
                '{Bachelors,Partial College,High School,Partial High School,Graduate Degree}'::text[]
            ),
            '</Education>',
            '<Occupation>',
            pg_temp.pick('occupation', p.id, '{Professional,Skilled Manual,Clerical,Management,Manual}'::text[]),
            '</Occupation>',
            '<HomeOwnerFlag>', pg_temp.pick('home', p.id, '{1,1,0}'::text[]), '</HomeOwnerFlag>',
            '<NumberCarsOwned>', pg_temp.draw('cars', p.id, 5), '</NumberCarsOwned>',
            '<CommuteDistance>',
            pg_temp.pick('commute', p.id, '{0-1 Miles,1-2 Miles,2-5 Miles,5-10 Miles,10+ Miles}'::text[]),
            '</CommuteDistance>',
            '</IndividualSurvey>'
        )
    FROM people AS p
    INNER JOIN first_order AS o ON p.id = o.id
),

contact_info (i, info) AS (
    VALUES
    (2, 'A second telephone: <telephone><number>555-0114</number></telephone>'),
    (3, 'Write to <email>office@hilltop.example</email>, not to the shop.'),
    (5, '<mobile><number>555-0127</number></mobile><note date="2014-11-03">Called, wants the new catalogue.</note>'),
    (7, '<pager><number>555-0133</number></pager>'),
    (8, 'Home address: <address><street>12 Mill Lane</street><city>Leeds</city></address>'),
    (11, '<telephone><number>555-0145</number></telephone><telephone><number>555-0146</number></telephone>'),
    (12, '<note date="2014-12-01">Pays late; reminded twice.</note>'),
    (13, '<email>orders@twowheels.example</email><mobile><number>555-0158</number></mobile>'),
    (17, repeat('<note date="2015-02-11">Visited the shop, showed the touring bikes, left a price list.</note>', 16)),
    (19, 'Delivery on <weekday>Tuesday</weekday> and <weekday>Friday</weekday> only, ring first.')
)

SELECT
    p.id,
    p.persontype,
    FALSE,
    p.title,
    p.firstname,
    p.middlename,
    p.lastname,
    p.suffix,
    pg_temp.pick('email promotion', p.id, '{0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1,2,2,2,2}'::integer[]),
    ('<AdditionalContactInfo xmlns="urn:bikes-store:contact-info">' || c.info || '</AdditionalContactInfo>')::xml,
    v.survey::xml,
    pg_temp.guid('person', p.id::text),
    CASE
        -- Only these rows have a time of day: contacts whose details were added last.
        WHEN c.i IS NOT NULL THEN timestamp '2015-04-15 16:33:33.060'
        WHEN p.persontype = 'IN' THEN o.orderdate
        WHEN p.persontype = 'SP' THEN s.hired - 7
        WHEN p.persontype IN ('EM', 'GC') AND p.i = 1 THEN timestamp '2006-06-23'
        WHEN p.persontype IN ('EM', 'GC') THEN date '2006-06-24' + pg_temp.draw('person modified', p.id, 2785)
        WHEN p.persontype = 'VC' THEN date '2011-04-25' + pg_temp.draw('person modified', p.id, 300)
        ELSE date '2011-05-31' + pg_temp.draw('person modified', p.id, 1000)
    END
FROM people AS p
INNER JOIN surveys AS v ON p.id = v.id
LEFT JOIN sales_staff AS s ON p.id = s.id
LEFT JOIN contact_info AS c ON p.id = 289 + 2 * c.i
LEFT JOIN first_order AS o ON p.id = o.id
ORDER BY p.id;

INSERT INTO humanresources.employee (
    businessentityid, nationalidnumber, loginid, jobtitle, birthdate, maritalstatus, gender, hiredate, salariedflag,
    vacationhours, sickleavehours, currentflag, rowguid, modifieddate, organizationnode
)
WITH jobs (nth, title, people, salaried, boss, first_place) AS (
    -- The place in the organisation is the boss's place and a number. The top place has no number.
    VALUES
    (1, 'Chief Executive Officer', 1, TRUE, '/', NULL::integer),
    (2, 'Vice President of Engineering', 1, TRUE, '/', 1),
    (3, 'Engineering Manager', 1, TRUE, '/1/', 1),
    (4, 'Design Engineer', 6, TRUE, '/1/1/', 1),
    (5, 'Tool Designer', 4, FALSE, '/1/1/', 7),
    (6, 'Research Engineer', 4, TRUE, '/1/1/', 11),
    (7, 'Marketing Manager', 1, TRUE, '/', 2),
    (8, 'Marketing Specialist', 8, FALSE, '/2/', 1),
    (9, 'Vice President of Production', 1, TRUE, '/', 3),
    (10, 'Production Control Manager', 1, TRUE, '/3/', 1),
    (11, 'Production Supervisor', 20, FALSE, '/3/1/', 1),
    (12, 'Production Technician', 159, FALSE, '/3/1/', NULL),  -- spread over the supervisors
    (13, 'Quality Assurance Manager', 1, TRUE, '/3/', 2),
    (14, 'Quality Assurance Technician', 5, FALSE, '/3/2/', 1),
    (15, 'Purchasing Manager', 1, TRUE, '/3/', 3),
    (16, 'Buyer', 10, FALSE, '/3/3/', 1),
    (17, 'Shipping and Receiving Supervisor', 1, FALSE, '/3/', 4),
    (18, 'Shipping and Receiving Clerk', 5, FALSE, '/3/4/', 1),
    (19, 'Chief Financial Officer', 1, TRUE, '/', 4),
    (20, 'Accountant', 9, FALSE, '/4/', 1),
    (21, 'Human Resources Manager', 1, TRUE, '/', 5),
    (22, 'Recruiter', 2, TRUE, '/5/', 1),
    (23, 'Benefits Specialist', 3, TRUE, '/5/', 3),
    (24, 'Facilities Manager', 1, TRUE, '/5/', 6),
    (25, 'Janitor', 6, FALSE, '/5/6/', 1),
    (26, 'Information Services Manager', 1, TRUE, '/', 6),
    (27, 'Database Administrator', 2, TRUE, '/6/', 1),
    (28, 'Network Administrator', 3, TRUE, '/6/', 3),
    (29, 'Application Specialist', 5, TRUE, '/6/', 6),
    (30, 'Control Specialist', 8, TRUE, '/6/', 11),
    (31, 'Vice President of Sales', 1, TRUE, '/', 7),
    (32, 'North American Sales Manager', 1, TRUE, '/7/', 1),
    (33, 'Sales Representative', 10, TRUE, '/7/1/', 1),
    (34, 'Pacific Sales Manager', 1, TRUE, '/7/', 2),
    (35, 'Sales Representative', 1, TRUE, '/7/2/', 1),
    (36, 'European Sales Manager', 1, TRUE, '/7/', 3),
    (37, 'Sales Representative', 3, TRUE, '/7/3/', 1)
),

positions AS (
    SELECT
        row_number() OVER (ORDER BY nth, i) AS id,
        title,
        salaried,
        CASE
            WHEN nth = 1 THEN boss
            WHEN first_place IS NULL THEN boss || i % 20 + 1 || '/' || i / 20 + 1 || '/'
            ELSE boss || first_place + i - 1 || '/'
        END AS place
    FROM jobs, generate_series(1, people) AS i
)

SELECT
    j.id,
    (200000000 + j.id * 2345677 % 700000000)::text,
    -- The backslash tests the quoting of a pipeline.
    'bikes-store\' || p.login || row_number() OVER (PARTITION BY p.login ORDER BY j.id) - 1,
    j.title,
    date '1951-10-17' + pg_temp.draw('born', j.id, CASE WHEN j.salaried THEN 9500 ELSE 13400 END),
    pg_temp.pick('employee married', j.id, '{M,S}'::text[]),
    CASE WHEN p.female THEN 'F' ELSE 'M' END,
    CASE
        WHEN s.hired IS NOT NULL THEN s.hired
        WHEN j.id = 1 THEN '2006-06-30'
        ELSE date '2006-07-01' + pg_temp.draw('hired', j.id, 1600)
    END,
    j.salaried,
    pg_temp.draw('vacation', j.id, 100),
    20 + pg_temp.draw('sick leave', j.id, 61),
    TRUE,
    pg_temp.guid('employee', j.id::text),
    CASE WHEN j.id IN (56, 134, 218) THEN timestamp '2014-12-26 09:17:08.637' ELSE '2014-06-30' END,
    j.place
FROM positions AS j
-- Lower case as in English: Turkish has a different small i.
INNER JOIN (SELECT id, female, lower(firstname COLLATE "C") AS login FROM people) AS p ON j.id = p.id
LEFT JOIN sales_staff AS s ON j.id = s.id;

INSERT INTO sales.salesperson (
    businessentityid, territoryid, salesquota, bonus, commissionpct, salesytd, saleslastyear, rowguid, modifieddate
)
SELECT
    id,
    territory,
    CASE WHEN territory IS NOT NULL THEN pg_temp.pick('sales quota', id, '{250000,250000,300000}'::numeric[]) END,
    CASE WHEN territory IS NULL THEN 0 ELSE 50 * (1 + pg_temp.draw('bonus', id, 130)) END,
    CASE WHEN territory IS NULL THEN 0 ELSE round((10 + pg_temp.draw('commission', id, 11)) / 1000.0, 3) END,
    round(
        CASE
            WHEN territory IS NULL THEN 150000 + pg_temp.draw('sales year to date', id, 450000000) / 1000.0
            ELSE 1300000 + pg_temp.draw('sales year to date', id, 300000000) / 100.0
        END,
        4
    ),
    CASE
        WHEN territory IS NULL THEN 0
        ELSE round(1300000 + pg_temp.draw('sales last year', id, 110000000) / 100.0, 4)
    END,
    pg_temp.guid('salesperson', id::text),
    hired - 7
FROM sales_staff;

-- Quotas are set 45 days ahead; some people get one before their first day.
INSERT INTO sales.salespersonquotahistory (businessentityid, quotadate, salesquota, rowguid, modifieddate)
SELECT
    s.id,
    q.day,
    1000 * (
        CASE WHEN s.territory IS NULL THEN 5 ELSE 150 END
        + pg_temp.draw('quota', s.id * 100 + q.nth, CASE WHEN s.territory IS NULL THEN 300 ELSE 1500 END)
    ),
    pg_temp.guid('salespersonquotahistory', s.id || ' ' || q.nth),
    q.day - 45
FROM sales_staff AS s
INNER JOIN unnest(
    '{2011-05-31,2011-08-31,2011-12-01,2012-02-29,2012-05-30,2012-08-30,2012-11-30,2013-02-28,2013-05-30,2013-08-30,
    2013-11-30,2014-03-01}'::date[]
) WITH ORDINALITY AS q (day, nth) ON q.nth > 12 - s.quotas;

-- Three people moved to another territory once. 280 gave her territory up and got no new one.
INSERT INTO sales.salesterritoryhistory (
    businessentityid, territoryid, startdate, enddate, rowguid, modifieddate
)
WITH moves (id, from_territory, moved_on) AS (
    VALUES (277, 4, date '2012-06-30'), (279, 3, '2012-06-30'), (283, 5, '2012-12-31')
),

periods AS (
    SELECT id, from_territory AS territory, date '2011-05-31' AS first_day, moved_on - 1 AS last_day
    FROM moves
    UNION ALL
    SELECT s.id, s.territory, coalesce(m.moved_on, s.hired), CASE s.id WHEN 280 THEN date '2012-09-29' END
    FROM sales_staff AS s
    LEFT JOIN moves AS m ON s.id = m.id
    WHERE s.territory IS NOT NULL
)

SELECT
    id,
    territory,
    first_day,
    last_day,
    pg_temp.guid('salesterritoryhistory', id || ' ' || territory),
    coalesce(last_day, first_day) - 7
FROM periods;

-- 701 stores have 699 names: a name is no key. Five names hold a comma, every seventh bank an ampersand.
INSERT INTO sales.store (businessentityid, name, salespersonid, demographics, rowguid, modifieddate)
WITH named AS (
    SELECT
        *,
        (n - 1) % 699 * 100 % 699 AS name_number
    FROM stores
)

SELECT
    id,
    (
        '{Alpine,Bay,Canyon,Capital,City,Coast,Corner,Downhill,East End,Family,Forest,Harbour,Hilltop,Lakeside,
        Main Street,Meadow,Midtown,Northern,Old Mill,Orchard,Park,Prairie,River,Station,Summer,Tramway,Valley}'::text[]
    )[1 + name_number / 26] || ' ' || (
        '{Bicycles,Bicycle Club,Bike & Ski,Bike House,Bike Parts,Bikes,Cycle Centre,Cycle Shop,Cycle World,Cycles,
        Cyclery,Cycling & Sons,Gear Company,Outdoor,Outfitters,Pedal Works,Ride Shop,Riders,Spokes,Sport & Cycle,
        Sporting Goods,Sports,Two Wheels,Velo,Wheel Works,Wheels}'::text[]
    )[1 + name_number % 26]
    || CASE WHEN n IN (90, 240, 390) THEN ', Inc.' WHEN n IN (150, 480) THEN ', Limited' ELSE '' END,
    salespersonid,
    concat(
        '<StoreSurvey xmlns="urn:bikes-store:store-survey">',
        '<AnnualSales>', size * 100000, '</AnnualSales>',
        '<AnnualRevenue>', size * 10000, '</AnnualRevenue>',
        '<BankName>',
        CASE n % 7
            WHEN 0 THEN 'Trade &amp; Savings'
            ELSE pg_temp.pick('bank', n, '{First Harbour,Land Bank,Union Trust}'::text[])
        END,
        '</BankName>',
        '<BusinessType>', pg_temp.pick('business', n, '{BM,BM,BS,BS,OS}'::text[]), '</BusinessType>',
        '<YearOpened>', 1970 + pg_temp.draw('opened', n, 36), '</YearOpened>',
        '<Specialty>', pg_temp.pick('specialty', n, '{Road,Mountain,Touring}'::text[]), '</Specialty>',
        '<SquareFeet>', size * 2500 + pg_temp.draw('area', n, 4) * 1000, '</SquareFeet>',
        '<Brands>', pg_temp.pick('brands', n, '{1,2,3,4+,AW}'::text[]), '</Brands>',
        '<Internet>', pg_temp.pick('internet', n, '{DSL,T1,T2,T3,ISDN,56kb}'::text[]), '</Internet>',
        '<NumberEmployees>', 2 + size * 3 + pg_temp.draw('staff', n, 10), '</NumberEmployees>',
        '</StoreSurvey>'
    )::xml,
    pg_temp.guid('store', id::text),
    '2014-09-12 11:15:07.497'
FROM (SELECT *, pg_temp.pick('store size', n, '{3,8,10,15,30}'::integer[]) AS size FROM named) AS sized
ORDER BY id;

INSERT INTO sales.customer (customerid, personid, storeid, territoryid, rowguid, modifieddate)
SELECT customerid, personid, storeid, territory, pg_temp.guid('customer', customerid::text), '2014-09-12 11:15:07.263'
FROM (
    -- Every store is a customer that never ordered. Its contact orders for it, with a customer number of its own.
    SELECT n AS customerid, NULL::integer AS personid, id AS storeid, territory FROM stores
    UNION ALL
    SELECT
        id + 8810,
        id,
        NULL,
        CASE
            WHEN place < 250 THEN 9
            WHEN place < 378 THEN 6
            WHEN place < 498 THEN 10
            WHEN place < 591 THEN 7
            WHEN place < 682 THEN 8
            WHEN place < 820 THEN 1
            WHEN place < 998 THEN 4
            ELSE pg_temp.pick('rare territory', id, '{2,3,5}'::integer[])
        END
    FROM (SELECT id, pg_temp.draw('territory', id, 1000) AS place FROM people WHERE persontype = 'IN') AS placed
    UNION ALL
    SELECT 29483 + n, id - 1, id, territory FROM stores WHERE n <= 635
) AS c
ORDER BY customerid;
