"""The generated rows, and the traps in them that test a pipeline on purpose."""

from __future__ import annotations

import pytest

from tests.source import generator
from tests.source.generator import rows, value

# The tables that the generator fills. Any other table is empty.
COUNTS = {
    "person.person": 19972,
    "humanresources.employee": 290,
    "production.product": 504,
    "purchasing.shipmethod": 5,
    "sales.currency": 105,
    "sales.currencyrate": 13532,
    "sales.salesreason": 10,
    "sales.salesterritory": 10,
    "sales.specialoffer": 16,
    "sales.salesperson": 17,
    "sales.store": 701,
    "sales.customer": 19820,
    "sales.specialofferproduct": 538,
    "sales.salespersonquotahistory": 163,
    "sales.salesterritoryhistory": 17,
    "sales.shoppingcartitem": 3,
    "sales.salesorderheader": 31465,
    "sales.salesorderdetail": 121317,
    "sales.salesorderheadersalesreason": 27647,
}
NULLS = {
    "person.person.title": 18963,
    "person.person.middlename": 8499,
    "person.person.suffix": 19919,
    "person.person.additionalcontactinfo": 19962,
    "production.product.color": 248,
    "production.product.size": 293,
    "production.product.sizeunitmeasurecode": 328,
    "production.product.weightunitmeasurecode": 299,
    "production.product.weight": 299,
    "production.product.productline": 226,
    "production.product.class": 257,
    "production.product.style": 293,
    "production.product.productsubcategoryid": 209,
    "production.product.productmodelid": 209,
    "production.product.sellenddate": 406,
    "production.product.discontinueddate": 504,
    "sales.specialoffer.maxqty": 12,
    "sales.salesperson.territoryid": 3,
    "sales.salesperson.salesquota": 3,
    "sales.customer.personid": 701,
    "sales.customer.storeid": 18484,
    "sales.salesterritoryhistory.enddate": 13,
    "sales.salesorderheader.purchaseordernumber": 27659,
    "sales.salesorderheader.salespersonid": 27659,
    "sales.salesorderheader.creditcardid": 1131,
    "sales.salesorderheader.creditcardapprovalcode": 1131,
    "sales.salesorderheader.currencyrateid": 17489,
    "sales.salesorderheader.comment": 31465,
    "sales.salesorderdetail.carriertrackingnumber": 60398,
}
# The first and the last change of each table. The pipeline's incremental runs depend on them.
CHANGES = {
    "person.person": ("2006-06-23 00:00:00", "2015-04-15 16:33:33.06"),
    "humanresources.employee": ("2014-06-30 00:00:00", "2014-12-26 09:17:08.637"),
    "production.product": ("2014-02-08 10:01:36.827", "2014-02-08 10:03:55.51"),
    "purchasing.shipmethod": ("2008-04-30 00:00:00", "2008-04-30 00:00:00"),
    "sales.currencyrate": ("2011-05-31 00:00:00", "2014-05-31 00:00:00"),
    "sales.salesreason": ("2008-04-30 00:00:00", "2008-04-30 00:00:00"),
    "sales.salesterritory": ("2008-04-30 00:00:00", "2008-04-30 00:00:00"),
    "sales.specialoffer": ("2011-04-01 00:00:00", "2014-03-01 00:00:00"),
    "sales.salesperson": ("2010-12-28 00:00:00", "2013-05-23 00:00:00"),
    "sales.store": ("2014-09-12 11:15:07.497", "2014-09-12 11:15:07.497"),
    "sales.customer": ("2014-09-12 11:15:07.263", "2014-09-12 11:15:07.263"),
    "sales.specialofferproduct": ("2011-04-01 00:00:00", "2014-03-01 00:00:00"),
    "sales.salespersonquotahistory": ("2011-04-16 00:00:00", "2014-01-15 00:00:00"),
    "sales.salesterritoryhistory": ("2011-05-24 00:00:00", "2013-05-23 00:00:00"),
    "sales.shoppingcartitem": ("2013-11-09 17:54:07.603", "2013-11-09 17:54:07.603"),
    "sales.salesorderheader": ("2011-06-07 00:00:00", "2014-07-07 00:00:00"),
    "sales.salesorderdetail": ("2011-05-31 00:00:00", "2014-06-30 00:00:00"),
    "sales.salesorderheadersalesreason": ("2011-05-31 00:00:00", "2014-06-30 00:00:00"),
}

HEADER, DETAIL, REASON = "sales.salesorderheader", "sales.salesorderdetail", "sales.salesorderheadersalesreason"
# The sum of each order's lines.
SUMS = (
    "SELECT salesorderid, sum(orderqty * unitprice * (1 - unitpricediscount)) AS total"
    f" FROM {DETAIL} GROUP BY salesorderid"
)

# How many rows have a property. Each property is a case that a pipeline must handle correctly.
TRAPS = {
    # Amounts
    "total due is the sum of its parts": (f"{HEADER} WHERE totaldue = subtotal + taxamt + freight", 31465),
    "subtotal is the lines' sum": (
        f"{HEADER} JOIN ({SUMS}) AS s USING (salesorderid) WHERE subtotal = round(total, 4)",
        31465,
    ),
    "amounts have four decimals at most": (f"{HEADER} WHERE scale(subtotal) = 4 AND scale(totaldue) = 4", 31465),
    "products without a price": ("production.product WHERE listprice = 0 AND standardcost = 0", 209),
    # Channels
    "online orders without salesperson and purchase order": (
        f"{HEADER} WHERE onlineorderflag AND num_nulls(salespersonid, purchaseordernumber) = 2 AND shipmethodid = 1",
        27659,
    ),
    "reseller orders with both": (
        f"{HEADER} WHERE NOT onlineorderflag AND num_nulls(salespersonid, purchaseordernumber) = 0"
        " AND shipmethodid = 5",
        3806,
    ),
    "salesperson and rate": (f"{HEADER} WHERE num_nulls(salespersonid, currencyrateid) = 0", 1177),
    "only a rate": (f"{HEADER} WHERE salespersonid IS NULL AND currencyrateid IS NOT NULL", 12799),
    "only a salesperson": (f"{HEADER} WHERE salespersonid IS NOT NULL AND currencyrateid IS NULL", 2629),
    "neither": (f"{HEADER} WHERE num_nulls(salespersonid, currencyrateid) = 2", 14860),
    "card without approval or approval without card": (
        f"{HEADER} WHERE num_nulls(creditcardid, creditcardapprovalcode) = 1",
        0,
    ),
    "all shipped": (f"{HEADER} WHERE status = 5", 31465),
    "rate of another day": (
        f"{HEADER} JOIN sales.currencyrate USING (currencyrateid) WHERE currencyratedate <> orderdate",
        0,
    ),
    "orders in another territory than the customer's": (
        f"{HEADER} AS h JOIN sales.customer AS c USING (customerid) WHERE h.territoryid <> c.territoryid",
        0,
    ),
    "sold before the salesperson was there": (
        f"{HEADER} JOIN humanresources.employee ON businessentityid = salespersonid WHERE orderdate < hiredate",
        0,
    ),
    "customers without a person never order": (
        f"{HEADER} JOIN sales.customer USING (customerid) WHERE personid IS NULL",
        0,
    ),
    "contacts who order for their store": ("sales.customer WHERE num_nulls(personid, storeid) = 0", 635),
    # Dates
    "headers changed a week after the order": (
        f"{HEADER} WHERE modifieddate = orderdate + interval '7 days' AND duedate = orderdate + interval '12 days'"
        " AND shipdate = orderdate + interval '7 days'",
        31456,
    ),
    "headers changed a day later": (
        f"{HEADER} WHERE modifieddate = orderdate + interval '8 days' AND duedate = orderdate + interval '13 days'"
        " AND shipdate = orderdate + interval '8 days'",
        9,
    ),
    "lines changed with the order": (
        f"{DETAIL} AS d JOIN {HEADER} USING (salesorderid) WHERE d.modifieddate = orderdate",
        121317,
    ),
    "reasons changed with the order": (
        f"{REASON} AS r JOIN {HEADER} USING (salesorderid) WHERE r.modifieddate = orderdate",
        27647,
    ),
    "headers older than their customer": (
        f"{HEADER} AS h JOIN sales.customer AS c USING (customerid) WHERE h.modifieddate < c.modifieddate",
        31465,
    ),
    "offer products older than their product": (
        "sales.specialofferproduct AS o JOIN production.product AS p USING (productid)"
        " WHERE o.modifieddate < p.modifieddate",
        531,
    ),
    "quotas older than their salesperson": (
        "sales.salespersonquotahistory AS q JOIN sales.salesperson AS p USING (businessentityid)"
        " WHERE q.modifieddate < p.modifieddate",
        14,
    ),
    "employees changed within a second": (
        "humanresources.employee WHERE modifieddate <> date_trunc('second', modifieddate)",
        3,
    ),
    # Text
    "commas in product names": ("production.product WHERE name LIKE '%,%'", 214),
    "commas in store names": ("sales.store WHERE name LIKE '%,%'", 5),
    "logins with a backslash": (r"humanresources.employee WHERE loginid ~ '^bikes-store\\[a-z]+[0-9]+$'", 290),
    "padded codes of two": (
        "production.product WHERE octet_length(productline) = 2 AND octet_length(rtrim(productline)) = 1",
        278,
    ),
    "padded codes of three": (
        "production.product WHERE sizeunitmeasurecode = 'CM' AND octet_length(sizeunitmeasurecode) = 3",
        176,
    ),
    "names beyond ASCII": (r"person.person WHERE concat(firstname, middlename, lastname) ~ '[^\x01-\x7f]'", 101),
    "names with an apostrophe": ("person.person WHERE lastname LIKE '%''%'", 9),
    "a double space": ("sales.salesreason WHERE name = 'Television  Advertisement'", 1),
    "words that read as missing": (
        "person.person WHERE lower(firstname) IN ('na', 'nan', 'none', 'null')"
        " OR lower(lastname) IN ('na', 'nan', 'none', 'null')",
        0,
    ),
    "national ids of digits": ("humanresources.employee WHERE nationalidnumber ~ '^[1-9][0-9]{8}$'", 290),
    "cart numbers of digits": ("sales.shoppingcartitem WHERE shoppingcartid ~ '^[1-9][0-9]+$'", 3),
    "quotes in xml": ("sales.store WHERE demographics::text LIKE '%\"%'", 701),
    "entities in xml": ("sales.store WHERE demographics::text LIKE '%&amp;%'", 100),
    "line breaks in xml": (
        "person.person WHERE concat(demographics::text, additionalcontactinfo::text) ~ '[\\n\\r]'",
        0,
    ),
    "commas in contact infos": ("person.person WHERE additionalcontactinfo::text LIKE '%,%'", 4),
    "surveys of online buyers": (
        "person.person WHERE persontype = 'IN' AND demographics::text LIKE '%<YearlyIncome>%'",
        18484,
    ),
    # Rows that nothing refers to
    "offers never used": (
        f"sales.specialoffer WHERE specialofferid NOT IN (SELECT specialofferid FROM {DETAIL})",
        4,
    ),
    "reasons never given": (
        f"sales.salesreason WHERE salesreasonid NOT IN (SELECT salesreasonid FROM {REASON})",
        3,
    ),
    "products sold": ("production.product WHERE productid IN (SELECT productid FROM sales.salesorderdetail)", 266),
}


def test_row_counts(source: str) -> None:
    assert {name: count for name, count in generator.counts(source).items() if count} == COUNTS


def test_null_counts(source: str) -> None:
    assert generator.null_counts(source) == NULLS


@pytest.mark.parametrize("table", CHANGES)
def test_first_and_last_change(source: str, table: str) -> None:
    assert rows(source, f"SELECT min(modifieddate)::text, max(modifieddate)::text FROM {table}") == [CHANGES[table]]


@pytest.mark.parametrize("trap", TRAPS)
def test_rows_with(source: str, trap: str) -> None:
    which, expected = TRAPS[trap]
    assert value(source, f"SELECT count(*) FROM {which}") == expected


def test_some_subtotals_round_the_lines(source: str) -> None:
    differing, largest = rows(
        source,
        f"SELECT count(*), max(abs(total - subtotal)) FROM {HEADER} JOIN ({SUMS}) AS s USING (salesorderid)"
        " WHERE total <> subtotal",
    )[0]
    assert differing > 500
    assert largest <= 0.00005


def test_orders_are_paid_in_these_currencies(source: str) -> None:
    text = f"SELECT tocurrencycode, count(*) FROM {HEADER} JOIN sales.currencyrate USING (currencyrateid) GROUP BY 1"
    assert dict(rows(source, text)) == {"AUD": 6675, "CAD": 3839, "GBP": 3155, "EUR": 172, "DEM": 76, "FRF": 59}


def test_order_dates(source: str) -> None:
    text = f"SELECT extract(year FROM orderdate)::integer, count(*) FROM {HEADER} GROUP BY 1"
    assert dict(rows(source, text)) == {2011: 1607, 2012: 3915, 2013: 14182, 2014: 11761}
    assert rows(
        source,
        "SELECT count(DISTINCT orderdate), min(orderdate)::text, max(duedate)::text, max(shipdate)::text,"
        f" bool_and(orderdate = orderdate::date) FROM {HEADER}",
    ) == [(1124, "2011-05-31 00:00:00", "2014-07-12 00:00:00", "2014-07-07 00:00:00", True)]


def test_reasons_per_order(source: str) -> None:
    each = f"SELECT count(*) AS reasons FROM {REASON} GROUP BY salesorderid"
    text = f"SELECT reasons, count(*) FROM ({each}) AS r GROUP BY reasons"
    assert dict(rows(source, text)) == {1: 18530, 2: 4329, 3: 153}


def test_no_order_has_a_product_twice(source: str) -> None:
    text = f"SELECT FROM {DETAIL} GROUP BY salesorderid, productid HAVING count(*) > 1"
    assert rows(source, text) == []


def test_lines_are_sold_while_the_product_and_the_offer_are(source: str) -> None:
    text = (
        f"SELECT DISTINCT p.name FROM {DETAIL} JOIN {HEADER} USING (salesorderid)"
        " JOIN production.product AS p USING (productid) JOIN sales.specialoffer AS o USING (specialofferid)"
        " WHERE NOT orderdate BETWEEN sellstartdate AND coalesce(sellenddate, orderdate)"
        " OR NOT orderdate BETWEEN startdate AND enddate OR orderqty > maxqty OR orderqty < minqty"
        " OR unitpricediscount NOT IN (0, discountpct)"
    )
    assert rows(source, text) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("production.product", "name"),
        ("production.product", "productnumber"),
        ("humanresources.employee", "loginid"),
        ("humanresources.employee", "nationalidnumber"),
        ("humanresources.employee", "organizationnode"),
        (DETAIL, "salesorderdetailid"),
        (HEADER, "purchaseordernumber"),
    ],
)
def test_natural_keys(source: str, table: str, column: str) -> None:
    assert value(source, f"SELECT count({column}) - count(DISTINCT {column}) FROM {table}") == 0


def test_a_store_name_is_no_key(source: str) -> None:
    assert rows(source, "SELECT count(*), count(DISTINCT name) FROM sales.store") == [(701, 699)]


def test_rowguids_are_unique(source: str) -> None:
    text = "SELECT attrelid::regclass::text FROM pg_attribute WHERE attname = 'rowguid'"
    tables = [name for (name,) in rows(source, text) if name in COUNTS]
    assert len(tables) == 14
    union = " UNION ALL ".join(f"SELECT rowguid FROM {name}" for name in tables)
    assert value(source, f"SELECT count(*) - count(DISTINCT rowguid) FROM ({union}) AS u") == 0
