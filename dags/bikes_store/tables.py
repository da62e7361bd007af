"""The catalogue: which tables are taken from the source, with which columns, in which order they are loaded.

Columns are those of the source contract. Naming them (rather than ``*``) means that a column that appears in the
source does not travel until somebody adds it here and in ``warehouse/staging.sql``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bikes_store.errors import Refused

STAGING_SCHEMA = "bikes_store_staging"
CHANGE_COLUMN = "modifieddate"


@dataclass(frozen=True)
class Table:
    """A table of the source and of the staging area, where it keeps its name.

    ``optional`` columns may be missing from an extracted object; staging then fills in its default.
    """

    schema: str
    name: str
    columns: tuple[str, ...]
    optional: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """Where the rows come from, as ``schema.table``; names the extract task and the folder in the lake."""
        return f"{self.schema}.{self.name}"


def _table(source: str, columns: str) -> Table:
    schema, name = source.split(".")
    return Table(schema, name, tuple(columns.split()))


# In load order: each table after those that it refers to.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        _table(
            "person.person",
            "businessentityid persontype namestyle title firstname middlename lastname suffix emailpromotion"
            " additionalcontactinfo demographics rowguid modifieddate",
        ),
        _table(
            "humanresources.employee",
            "businessentityid nationalidnumber loginid jobtitle birthdate maritalstatus gender hiredate"
            " salariedflag vacationhours sickleavehours currentflag rowguid modifieddate organizationnode",
        ),
        _table(
            "production.product",
            "productid name productnumber makeflag finishedgoodsflag color safetystocklevel reorderpoint"
            " standardcost listprice size sizeunitmeasurecode weightunitmeasurecode weight daystomanufacture"
            " productline class style productsubcategoryid productmodelid sellstartdate sellenddate"
            " discontinueddate rowguid modifieddate",
        ),
        _table("purchasing.shipmethod", "shipmethodid name shipbase shiprate rowguid modifieddate"),
        _table(
            "sales.currencyrate",
            "currencyrateid currencyratedate fromcurrencycode tocurrencycode averagerate endofdayrate modifieddate",
        ),
        _table("sales.salesreason", "salesreasonid name reasontype modifieddate"),
        _table(
            "sales.salesterritory",
            "territoryid name countryregioncode group salesytd saleslastyear costytd costlastyear rowguid modifieddate",
        ),
        _table(
            "sales.specialoffer",
            "specialofferid description discountpct type category startdate enddate minqty maxqty rowguid modifieddate",
        ),
        _table(
            "sales.salesperson",
            "businessentityid territoryid salesquota bonus commissionpct salesytd saleslastyear rowguid modifieddate",
        ),
        _table("sales.store", "businessentityid name salespersonid demographics rowguid modifieddate"),
        _table("sales.customer", "customerid personid storeid territoryid rowguid modifieddate"),
        _table("sales.specialofferproduct", "specialofferid productid rowguid modifieddate"),
        _table("sales.salespersonquotahistory", "businessentityid quotadate salesquota rowguid modifieddate"),
        _table("sales.salesterritoryhistory", "businessentityid territoryid startdate enddate rowguid modifieddate"),
        _table(
            "sales.shoppingcartitem", "shoppingcartitemid shoppingcartid quantity productid datecreated modifieddate"
        ),
        _table(
            "sales.salesorderheader",
            "salesorderid revisionnumber orderdate duedate shipdate status onlineorderflag purchaseordernumber"
            " accountnumber customerid salespersonid territoryid billtoaddressid shiptoaddressid shipmethodid"
            " creditcardid creditcardapprovalcode currencyrateid subtotal taxamt freight totaldue comment rowguid"
            " modifieddate",
        ),
        _table(
            "sales.salesorderdetail",
            "salesorderid salesorderdetailid carriertrackingnumber orderqty productid specialofferid unitprice"
            " unitpricediscount rowguid modifieddate",
        ),
        _table("sales.salesorderheadersalesreason", "salesorderid salesreasonid modifieddate"),
    )
}

# From the API, whose answer need not carry a date.
CURRENCY = Table("api", "currency", ("currencycode", "name", "modifieddate"), optional=frozenset({"modifieddate"}))
CURRENCY_KEY = ("currencycode",)


def read_catalogue(value: object, variable: str) -> dict[str, tuple[Table, tuple[str, ...]]]:
    """Check the variable that says which tables to take: ``{table: [schema, key or list of keys]}``.

    :param value: the variable's value, already parsed from JSON.
    :param variable: its name, for the messages.
    :return: per table name, in the variable's order, the table and the columns of its key.
    :raises Refused: when the value is not of that form, or differs from what the DAG has tasks for.
    """
    if not isinstance(value, Mapping):
        raise Refused(f"Variable {variable} must be a JSON object of table: [schema, key], not {_kind(value)}.")
    catalogue = {name: (_known(name, entry, variable), _key(name, entry, variable)) for name, entry in value.items()}
    if missing := [name for name in TABLES if name not in catalogue]:
        raise Refused(f"Variable {variable} does not list {', '.join(missing)}, for which the DAG has tasks.")
    if list(catalogue) != list(TABLES):
        raise Refused(f"Variable {variable} must list the tables in load order: {', '.join(TABLES)}.")
    return catalogue


def _known(name: str, entry: object, variable: str) -> Table:
    table = TABLES.get(name)
    if table is None:
        raise Refused(
            f"Variable {variable} lists {name!r}, which is not in the catalogue (dags/bikes_store/tables.py):"
            " add the table there and to warehouse/staging.sql first."
        )
    if not isinstance(entry, (list, tuple)) or len(entry) != 2:
        raise Refused(f"Variable {variable} must give {name!r} as [schema, key or list of keys], not {entry!r}.")
    if entry[0] != table.schema:
        raise Refused(f"Variable {variable} puts {name!r} in schema {entry[0]!r}; it is in {table.schema!r}.")
    return table


def _key(name: str, entry: list[object], variable: str) -> tuple[str, ...]:
    key = [entry[1]] if isinstance(entry[1], str) else entry[1]
    if not isinstance(key, list) or not key or not all(isinstance(column, str) for column in key):
        raise Refused(f"Variable {variable} must give {name!r} a key: a column name or a list of them.")
    if unknown := [column for column in key if column not in TABLES[name].columns]:
        raise Refused(f"Variable {variable} gives {name!r} the key column {unknown[0]!r}, which it does not have.")
    return tuple(key)


def _kind(value: object) -> str:
    return {list: "an array", str: "a string", type(None): "null"}.get(type(value), type(value).__name__)
