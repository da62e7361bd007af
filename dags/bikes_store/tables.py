"""The catalogue: which tables are taken from the source, with their keys and columns, in the order of their loads.

The columns are those that the source promises. They are named one by one, because a column that appears in the source
must not travel before somebody adds it here and in ``warehouse/staging.sql``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bikes_store.errors import Refused

STAGING_SCHEMA = "bikes_store_staging"
WAREHOUSE_SCHEMA = "warehouse"
CHANGE_COLUMN = "modifieddate"

#: How old the last load of a table may be: a day, and two hours for a run that is late.
FRESH_FOR = timedelta(hours=26)
#: The same for a table that hardly changes: it may miss a day before somebody has to look.
SLOW_FRESH_FOR = timedelta(hours=50)


@dataclass(frozen=True)
class Table:
    """A table of the source. In the staging area it has the same name.

    ``key`` is the columns that tell one row from another, as the primary key of the staging table has them.
    ``optional`` columns may be missing from an extracted object; the staging area then fills in their defaults.
    ``may_be_empty`` says that the source may lose the last row of the table on a usual day.
    ``fresh_for`` is how old its last load may be. A table that is older shows in `make status` and fires an alert.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    may_be_empty: bool = False
    fresh_for: timedelta = FRESH_FOR

    @property
    def source(self) -> str:
        """Where the rows come from, as ``schema.table``. The extract task and the folder in the lake have this name."""
        return f"{self.schema}.{self.name}"


def _table(source: str, key: str, columns: str, may_be_empty: bool = False, fresh_for: timedelta = FRESH_FOR) -> Table:
    schema, name = source.split(".")
    return Table(
        schema, name, tuple(key.split()), tuple(columns.split()), may_be_empty=may_be_empty, fresh_for=fresh_for
    )


# In load order: each table comes after the tables that it refers to.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "person.person",
            key="businessentityid",
            columns="businessentityid persontype namestyle title firstname middlename lastname suffix emailpromotion"
            " additionalcontactinfo demographics rowguid modifieddate",
        ),
        _table(
            "humanresources.employee",
            key="businessentityid",
            columns="businessentityid nationalidnumber loginid jobtitle birthdate maritalstatus gender hiredate"
            " salariedflag vacationhours sickleavehours currentflag rowguid modifieddate organizationnode",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "production.product",
            key="productid",
            columns="productid name productnumber makeflag finishedgoodsflag color safetystocklevel reorderpoint"
            " standardcost listprice size sizeunitmeasurecode weightunitmeasurecode weight daystomanufacture"
            " productline class style productsubcategoryid productmodelid sellstartdate sellenddate"
            " discontinueddate rowguid modifieddate",
        ),
        _table(
            "purchasing.shipmethod",
            key="shipmethodid",
            columns="shipmethodid name shipbase shiprate rowguid modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.currencyrate",
            key="currencyrateid",
            columns="currencyrateid currencyratedate fromcurrencycode tocurrencycode averagerate endofdayrate"
            " modifieddate",
        ),
        _table(
            "sales.salesreason",
            key="salesreasonid",
            columns="salesreasonid name reasontype modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.salesterritory",
            key="territoryid",
            columns="territoryid name countryregioncode group salesytd saleslastyear costytd costlastyear rowguid"
            " modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.specialoffer",
            key="specialofferid",
            columns="specialofferid description discountpct type category startdate enddate minqty maxqty rowguid"
            " modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.salesperson",
            key="businessentityid",
            columns="businessentityid territoryid salesquota bonus commissionpct salesytd saleslastyear rowguid"
            " modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.store",
            key="businessentityid",
            columns="businessentityid name salespersonid demographics rowguid modifieddate",
        ),
        _table(
            "sales.customer",
            key="customerid",
            columns="customerid personid storeid territoryid rowguid modifieddate",
        ),
        _table(
            "sales.specialofferproduct",
            key="specialofferid productid",
            columns="specialofferid productid rowguid modifieddate",
        ),
        _table(
            "sales.salespersonquotahistory",
            key="businessentityid quotadate",
            columns="businessentityid quotadate salesquota rowguid modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.salesterritoryhistory",
            key="businessentityid startdate territoryid",
            columns="businessentityid territoryid startdate enddate rowguid modifieddate",
            fresh_for=SLOW_FRESH_FOR,
        ),
        _table(
            "sales.shoppingcartitem",
            key="shoppingcartitemid",
            columns="shoppingcartitemid shoppingcartid quantity productid datecreated modifieddate",
            may_be_empty=True,
        ),
        _table(
            "sales.salesorderheader",
            key="salesorderid",
            columns="salesorderid revisionnumber orderdate duedate shipdate status onlineorderflag"
            " purchaseordernumber accountnumber customerid salespersonid territoryid billtoaddressid"
            " shiptoaddressid shipmethodid creditcardid creditcardapprovalcode currencyrateid subtotal"
            " taxamt freight totaldue comment rowguid modifieddate",
        ),
        _table(
            "sales.salesorderdetail",
            key="salesorderid salesorderdetailid",
            columns="salesorderid salesorderdetailid carriertrackingnumber orderqty productid specialofferid"
            " unitprice unitpricediscount rowguid modifieddate",
        ),
        _table(
            "sales.salesorderheadersalesreason",
            key="salesorderid salesreasonid",
            columns="salesorderid salesreasonid modifieddate",
        ),
    )
}

# From the currency API, whose answer may lack the date.
CURRENCY = Table(
    "api",
    "currency",
    key=("currencycode",),
    columns=("currencycode", "name", "modifieddate"),
    optional=frozenset({"modifieddate"}),
    fresh_for=SLOW_FRESH_FOR,
)

#: Every table of the staging area: those of the source in load order, then the currencies.
STAGED: dict[str, Table] = {**TABLES, CURRENCY.name: CURRENCY}


def read_tables(value: object, variable: str) -> dict[str, Table]:
    """The tables of the catalogue, with the keys that a variable gives: ``{table: [schema, key or list of keys]}``.

    A table that the variable does not list has the catalogue's key. So a variable from before a table was added still
    works.

    :param value: the variable's value, already parsed from JSON.
    :param variable: the variable's name, for the error.
    :return: all tables of the catalogue by name, in load order.
    :raises Refused: when the value has another form, or names a table, a schema or a column that the catalogue does
        not have.
    """
    if not isinstance(value, Mapping):
        raise Refused(f"Variable {variable} must be a JSON object of table: [schema, key], not {_kind(value)}.")
    tables = dict(TABLES)
    for name, entry in value.items():
        tables[name] = _with_key(name, entry, variable)
    return tables


def _with_key(name: str, entry: object, variable: str) -> Table:
    table = TABLES.get(name)
    if table is None:
        raise Refused(
            f"Variable {variable} lists {name!r}, which is not in the catalogue (dags/bikes_store/tables.py):"
            " add the table there and to warehouse/staging.sql first."
        )
    if not isinstance(entry, (list, tuple)) or len(entry) != 2:
        raise Refused(f"Variable {variable} must give {name!r} as [schema, key or list of keys], not {entry!r}.")
    schema, key = entry
    if schema != table.schema:
        raise Refused(f"Variable {variable} puts {name!r} in schema {schema!r}; it is in {table.schema!r}.")
    key = [key] if isinstance(key, str) else key
    if not isinstance(key, list) or not key or not all(isinstance(column, str) for column in key):
        raise Refused(f"Variable {variable} must give {name!r} a key: a column name or a list of column names.")
    if unknown := [column for column in key if column not in table.columns]:
        raise Refused(f"Variable {variable} gives {name!r} the key column {unknown[0]!r}, which it does not have.")
    return replace(table, key=tuple(key))


def _kind(value: object) -> str:
    return {list: "an array", str: "a string", type(None): "null"}.get(type(value), type(value).__name__)
