"""The page of dbt's documentation (Browse, dbt Docs) says what is the matter when there is nothing to show.

Cosmos 1.15.1 has a page for a documentation that is missing, but takes the answer of S3 for an error: it waits for the
code NoSuchKey, while the question that it asks first (HEAD) gets a bare 404. So before the first run, people would see
that the webserver has an error. So they would when the lake is down.
https://github.com/astronomer/astronomer-cosmos/blob/astronomer-cosmos-v1.15.1/cosmos/plugin/airflow2.py (open_s3_file)
"""

from __future__ import annotations

import html

from airflow.plugins_manager import AirflowPlugin
from botocore.exceptions import BotoCoreError, ClientError
from cosmos import settings
from cosmos.plugin import airflow2

_NOTHING_YET = (
    "There is no documentation yet: the task dbt_docs writes it at the end of each run of bikes_store_warehouse that"
    " succeeds."
)
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>dbt Docs</title></head>
<body><p style="max-width: 40em; margin: 15vh auto 0; font: 18px/1.5 system-ui, sans-serif">{}</p></body>
</html>
"""

_open_file = airflow2.open_file


def open_file(path: str, conn_id: str | None = None) -> str:
    """What Cosmos shows for a file; in place of one that is missing or can't be read, a page that says so.

    :raises FileNotFoundError: when a file is missing that is no page. Cosmos answers 404.
    """
    try:
        return str(_open_file(path, conn_id))
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 404:
            problem = f"The documentation in the lake can't be read: {error}."
        else:
            problem = _NOTHING_YET
    except BotoCoreError as error:
        problem = f"The documentation in the lake can't be read: {error}"
    if not path.endswith(settings.dbt_docs_index_file_name):
        raise FileNotFoundError(path)
    return _PAGE.format(html.escape(problem))


airflow2.open_file = open_file


class DbtDocs(AirflowPlugin):
    name = "dbt_docs"
