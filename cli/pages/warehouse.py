"""Ask the warehouse what a panel asks it, for all times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from cli.pages.answers import Panel, Table, with_variables
from cli.pages.charts import Point, Series

#: Where the names of marts are looked up, as for the role that Grafana reads with (see warehouse/roles.sql).
SEARCH_PATH = "SET search_path = warehouse, before_first_run"

_FROM, _TO = "'1990-01-01'", "now()"


def fill_in(sql: str, variables: Mapping[str, str]) -> str:
    """Fill in Grafana's macros, for all times, and the variables in a panel's SQL.

    https://grafana.com/docs/grafana/latest/datasources/postgres/#macros
    """
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {_FROM} AND {_TO}", sql)
    return with_variables(sql.replace("$__timeFrom()", _FROM).replace("$__timeTo()", _TO), variables)


class Marts:
    """The warehouse as a data source: each panel has one query.

    :param connection: to the warehouse; the caller closes it.
    :param variables: of the dashboard => what each stands for.
    """

    def __init__(self, connection: Any, variables: Mapping[str, str]) -> None:
        self._connection, self._variables = connection, variables
        with connection.cursor() as cursor:
            cursor.execute(SEARCH_PATH)

    def values(self, panel: Panel) -> Sequence[tuple[str, Any]]:
        """A name and a number from each row; a row that is one value has no name.

        A panel that names a column (``reduceOptions.fields``) shows that one, and keeps the others for its links.
        """
        found = self.table(panel)
        if wanted := panel["options"].get("reduceOptions", {}).get("fields"):
            shown = [number for number, name in enumerate(found.columns) if re.search(wanted.strip("/"), name)]
            return [("", row[shown[0]]) for row in found.rows]
        return [("" if len(row) == 1 else str(row[0]), row[-1]) for row in found.rows]

    def series(self, panel: Panel) -> Series:
        """From rows of time, name, value."""
        found: dict[str, list[Point]] = defaultdict(list)
        for moment, name, value in self.table(panel).rows:
            found[name].append((_seconds(moment), float(value)))
        return found

    def table(self, panel: Panel) -> Table:
        (target,) = panel["targets"]
        with self._connection.cursor() as cursor:
            cursor.execute(fill_in(target["rawSql"], self._variables))
            return Table([column.name for column in cursor.description], cursor.fetchall())


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
