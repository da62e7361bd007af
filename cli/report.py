"""What a run of the pipeline did: rows and money at each station, what differs or warns, seconds of each stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.table import Table

from bikes_store.lake import Manifest, object_key
from bikes_store.load_log import read_differences
from bikes_store.reconciliation import TABLE, read_reconciliation
from bikes_store.spans import TaskSpan, group_seconds
from bikes_store.tables import STAGED, STAGING_SCHEMA, TABLES, WAREHOUSE_SCHEMA
from cli.airflow_client import Task
from cli.database import connect, query
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.names import BUCKETS
from cli.sections import Row, Section, marked, number, print_what_fits, section
from cli.sections import show as show_section

# Where each row of a source table has one row in the warehouse: a dimension and its natural key, or a fact.
_DIMENSIONS = {
    "product": ("dim_product", "nk_product"),
    "shipmethod": ("dim_ship_method", "nk_ship_method"),
    "currencyrate": ("dim_currency_rate", "nk_currency_rate"),
    "salesreason": ("dim_sales_reason", "nk_sales_reason"),
    "salesterritory": ("dim_sales_territory", "nk_sales_territory"),
    "specialoffer": ("dim_special_offer", "nk_special_offer"),
    "salesperson": ("dim_sales_person", "nk_sales_person"),
    "store": ("dim_store", "nk_store"),
    "customer": ("dim_customer", "nk_customer"),
    "currency": ("dim_currency", "nk_currency"),
}
_FACTS = {
    "salespersonquotahistory": "fact_sales_quota_history",
    "salesterritoryhistory": "fact_sales_territory_history",
    "salesorderdetail": "fact_order",
    "salesorderheadersalesreason": "fact_order_reason",
}

_STATIONS = ("source", "lake", "staging", "warehouse")


@dataclass(frozen=True)
class TableCounts:
    """Rows of a table at each station; None where the station has no such table.

    ``is_slice`` says that the lake holds only the rows that changed, not the whole table.
    """

    name: str
    source: int | None
    lake: int
    is_slice: bool
    staging: int
    warehouse_table: str | None
    warehouse: int | None

    @property
    def agree(self) -> bool:
        stations = [self.source, None if self.is_slice else self.lake, self.staging, self.warehouse]
        return len({rows for rows in stations if rows is not None}) == 1


@dataclass(frozen=True)
class Money:
    """The sum of an amount in the source and in the warehouse."""

    name: str
    source: Decimal
    warehouse: Decimal

    @property
    def agree(self) -> bool:
        return self.source == self.warehouse


@dataclass(frozen=True)
class Report:
    """``differences`` says in what tables of the staging area differ from the source, by their names. ``warned`` is
    what dbt's tests warned of, a line for each test and each row that it shows.
    """

    counts: Sequence[TableCounts]
    money: Sequence[Money]
    differences: Mapping[str, str] = field(default_factory=dict)
    warned: Sequence[str] = ()

    @property
    def agree(self) -> bool:
        numbers_agree = all(count.agree for count in self.counts) and all(amount.agree for amount in self.money)
        return numbers_agree and not self.differences


def make_report(endpoints: Endpoints, run_id: str, warned: Sequence[str] = ()) -> Report:
    """Count at every station, after a run has ended.

    :param warned: what dbt's tests warned of in the run.
    """
    source_dsn, warehouse_dsn, lake = endpoints.source_dsn, endpoints.warehouse_dsn, endpoints.lake()
    source = _count(source_dsn, {name: f'"{t.schema}"."{name}"' for name, t in TABLES.items()})
    staging = _count(warehouse_dsn, {name: f'"{STAGING_SCHEMA}"."{name}"' for name in STAGED})
    warehouse = _count_warehouse(warehouse_dsn)
    counts = []
    for name, table in STAGED.items():
        head = lake.head_object(Bucket=BUCKETS["data"], Key=object_key(table.source, run_id))
        manifest = Manifest.from_metadata(head["Metadata"], head["LastModified"])
        model = _FACTS.get(name) or _DIMENSIONS.get(name, (None,))[0]
        counts.append(
            TableCounts(
                table.source,
                source.get(name),
                manifest.rows,
                not manifest.is_full,
                staging[name],
                model,
                warehouse.get(name),
            )
        )
    with connect(warehouse_dsn) as warehouse:
        differences = read_differences(warehouse, run_id)
    return Report(counts, _money(source_dsn, warehouse_dsn), differences, warned)


def stages(tasks: Iterable[Task]) -> dict[str, float]:
    """Seconds that each stage of the pipeline took, in the order in which the stages started."""
    return group_seconds(TaskSpan(_stage(task.task_id), task.state, task.start, task.end) for task in tasks)


def show(console: Console, report: Report, more: Iterable[Section] = ()) -> None:
    """Print the report as tables, or as lines where the terminal is too narrow for them.

    ✗ marks what does not agree, as not everybody sees colours.

    :param more: sections that come after rows and money.
    """
    _show_rows(console, report.counts)
    _show_money(console, report.money)
    for each in (warnings(report), *more):
        show_section(console, each)


def warnings(report: Report) -> Section:
    """What a person has to look at, although both runs succeeded."""
    differences = [marked(f"{name}: {difference}", True) for name, difference in report.differences.items()]
    lines = [*differences, *report.warned]
    return section("Warnings", "what", [], note="" if lines else "None.", lines=lines)


def times(seconds: Mapping[str, float]) -> Section:
    """The seconds of each stage, in the order in which the stages started."""
    return section("Time", "stage, seconds>", [Row([stage, f"{value:.1f}"]) for stage, value in seconds.items()])


def as_sections(report: Report) -> list[Section]:
    """Rows, money and warnings, for a page."""
    columns = ", ".join(("table", *(f"{station}>" for station in _STATIONS), "as"))
    rows = [Row([each.name, *_numbers(each), each.warehouse_table or ""], not each.agree) for each in report.counts]
    money = [Row([each.name, f"{each.source:,}", f"{each.warehouse:,}"], not each.agree) for each in report.money]
    return [section("Rows", columns, rows), section("Money", "amount, source>, warehouse>", money), warnings(report)]


def _show_rows(console: Console, counts: Sequence[TableCounts]) -> None:
    wide = Table("table", title="Rows", title_justify="left")
    narrow = Table("table", title="Rows", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0))
    for table in (wide, narrow):
        for column in _STATIONS:
            table.add_column(column, justify="right", no_wrap=True)
    wide.add_column("as")
    lines = []
    for count in counts:
        name = marked(count.name, not count.agree)
        became = count.warehouse_table or ""
        numbers = _numbers(count)
        style = None if count.agree else "bold red"
        wide.add_row(name, *numbers, became, style=style)
        narrow.add_row(f"{name}\n  as {became}" if became else name, *numbers, style=style)
        stations = ", ".join(f"{station} {number}" for station, number in zip(_STATIONS, numbers, strict=True))
        lines.append(f"{name}{f' as {became}' if became else ''}: {stations}")
    print_what_fits(console, [wide, narrow], "Rows", lines)


def _show_money(console: Console, money: Sequence[Money]) -> None:
    table = Table("amount", title="Money", title_justify="left")
    for column in ("source", "warehouse"):
        table.add_column(column, justify="right", no_wrap=True)
    lines = []
    for amount in money:
        name = marked(amount.name, not amount.agree)
        style = None if amount.agree else "bold red"
        table.add_row(name, f"{amount.source:,}", f"{amount.warehouse:,}", style=style)
        lines.append(f"{name}: source {amount.source:,}, warehouse {amount.warehouse:,}")
    print_what_fits(console, [table], "Money", lines)


def _numbers(count: TableCounts) -> list[str]:
    """The rows at each station, in words."""
    return [
        number(count.source),
        f"{number(count.lake)}{' (slice)' if count.is_slice else ''}",
        number(count.staging),
        number(count.warehouse),
    ]


def _stage(task_id: str) -> str:
    parts = task_id.split(".")
    return ".".join(parts[:2]) if parts[0] in ("extract", "load") else parts[0]


def _count(dsn: str, relations: dict[str, str]) -> dict[str, int]:
    return dict(query(dsn, " UNION ALL ".join(f"SELECT '{k}', count(*) FROM {v}" for k, v in relations.items())))


def _count_warehouse(dsn: str) -> dict[str, int]:
    """Rows for each source table. A dimension counts the members that still exist, without the unknown member."""
    columns = query(
        dsn,
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        f" WHERE table_schema = '{WAREHOUSE_SCHEMA}' GROUP BY table_name",
    )
    made = dict(columns)
    needed = (*_FACTS.values(), *(dimension for dimension, _ in _DIMENSIONS.values()), TABLE)
    if missing := [relation for relation in needed if relation not in made]:
        raise UserError(f"The warehouse lacks {', '.join(missing)}, although both runs succeeded.")
    relations = {name: f'"{WAREHOUSE_SCHEMA}"."{fact}"' for name, fact in _FACTS.items()}
    for name, (dimension, key) in _DIMENSIONS.items():
        condition = f"{key}::text NOT IN ('-1', 'N/A')"
        if "dbt_valid_to" in made[dimension]:  # it keeps history
            condition += " AND dbt_valid_to IS NULL"
        relations[name] = f"(SELECT FROM {WAREHOUSE_SCHEMA}.{dimension} WHERE {condition}) AS members"
    return _count(dsn, relations)


def _money(source_dsn: str, warehouse_dsn: str) -> list[Money]:
    ((lines, due),) = query(
        source_dsn,
        "SELECT (SELECT coalesce(sum(orderqty * unitprice * (1 - unitpricediscount)), 0) FROM sales.salesorderdetail),"
        " (SELECT coalesce(sum(totaldue), 0) FROM sales.salesorderheader)",
    )
    with connect(warehouse_dsn) as warehouse:
        measures = read_reconciliation(warehouse)
    return [
        Money("revenue (order lines)", lines, measures["revenue"].built),
        Money("total due", due, measures["total_due"].built),
    ]
