"""Currency API to lake."""

from __future__ import annotations

import csv
import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pandas as pd
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from bikes_store.errors import Refused, Unavailable
from bikes_store.lake import Manifest, write_object
from bikes_store.tables import CURRENCY
from bikes_store.window import FULL

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

#: Seconds to wait for a connection, and for the next bytes of an answer.
TIMEOUT = (5, 30)
#: Tries after the first one, for faults that may pass: no connection, too many requests, an error of the server.
RETRIES = Retry(total=3, backoff_factor=1, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)

#: Bytes of an answer that are taken at most. All currencies of the world are 10,000.
LONGEST_ANSWER = 20_000_000

# Other names that such APIs use for our columns.
_ALIASES = {"code": "currencycode"}
_SHOWN = 80


def extract_currencies(
    url: str, lake: S3Client, run_id: str, timeout: tuple[float, float] = TIMEOUT, retries: Retry = RETRIES
) -> Manifest:
    """Write all currencies that the API gives into one object of the lake.

    :param run_id: names the object.
    :param timeout: seconds to connect, and seconds between bytes of the answer.
    :return: what the object holds.
    :raises Unavailable: when the API can't be reached or answers with a server error, after the retries.
    :raises Refused: when the URL is wrong, the API refuses the request, or the answer is not a list of currencies.
    """
    asked_at = datetime.now(timezone.utc)
    frame = to_frame(fetch(url, timeout, retries), url)
    manifest = Manifest(CURRENCY.source, run_id, str(FULL), tuple(frame.columns), len(frame), asked_at)
    with write_object(lake, manifest) as stream:
        # Every value is quoted, so that an empty name stays an empty name: unquoted it would load as NULL.
        stream.write(frame.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n").encode())
    log.info("%s: %d currencies from %s written to the lake", CURRENCY.source, len(frame), url)
    return manifest


def fetch(url: str, timeout: tuple[float, float] = TIMEOUT, retries: Retry = RETRIES) -> bytes:
    """GET a URL.

    :return: the body of the answer.
    :raises Unavailable: when there is no answer, or only an HTTP error that may pass.
    :raises Refused: when it is not a URL, or the answer is an HTTP error that a retry does not mend.
    """
    try:
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=retries))
            session.mount("https://", HTTPAdapter(max_retries=retries))
            with session.get(url, timeout=timeout, headers={"Accept": "application/json"}, stream=True) as response:
                body = _read(response, url)
    except (
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
    ) as error:
        if isinstance(error, requests.exceptions.InvalidSchema) and url.lower().startswith(("http://", "https://")):
            raise Refused(
                f"The currency API at {url} redirects to something that is not on the web: {error}."
            ) from None
        raise Refused(f"The variable BIKES_STORE_API_URL is {url!r}, which is not an http or https URL.") from None
    except requests.exceptions.ContentDecodingError:
        raise Refused(
            f"The currency API at {url} gives an answer that is not packed as its header Content-Encoding says."
        ) from None
    except requests.exceptions.RequestException as error:
        # The libraries wrap the cause in errors of their own retries.
        reason = getattr(error.args[0], "reason", error) if error.args else error
        timeouts = (urllib3.exceptions.TimeoutError, requests.exceptions.Timeout)
        # urllib3 1.26 counts a refused connection among the timeouts.
        if isinstance(reason, timeouts) and not isinstance(reason, urllib3.exceptions.NewConnectionError):
            raise Unavailable(f"The currency API at {url} did not answer within {timeout[1]:g} seconds.") from error
        raise Unavailable(f"The currency API at {url} can't be reached: {reason}.") from error
    if not response.ok:
        passing = response.status_code in RETRIES.status_forcelist
        raise (Unavailable if passing else Refused)(
            f"The currency API at {url} answered HTTP {response.status_code} {response.reason}: {_show(body)}"
        )
    return body


def to_frame(body: bytes, url: str) -> pd.DataFrame:
    """The currencies in an answer of the API, as text columns with the names of the staging table.

    Fields without a column in the staging table are left out, and a warning names them.

    :raises Refused: when the answer is not a JSON array of objects, or an object lacks a name or a unique code of
        three characters. The sentence says what came instead.
    """
    frame = pd.DataFrame(_records(body, url), dtype=object).rename(columns=_ALIASES)
    if unknown := sorted(set(frame.columns) - set(CURRENCY.columns)):
        log.warning("The currency API at %s gives unknown fields, which are left out: %s", url, unknown)
    frame = frame[[column for column in CURRENCY.columns if column in frame.columns]]
    for column in (name for name in CURRENCY.columns if name not in CURRENCY.optional):
        _require_text(frame, column, url)
        _require_storable(frame, column, url)
    _check_codes(frame[CURRENCY.key[0]], url)
    if "modifieddate" in frame.columns:
        frame = frame.assign(modifieddate=_timestamps(frame["modifieddate"], url))
    return frame


def _read(response: requests.Response, url: str) -> bytes:
    body = bytearray()
    for piece in response.iter_content(1 << 16):
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise Refused(
                f"The currency API at {url} answered with more than {LONGEST_ANSWER // 10**6} MB: {_show(body[:1000])}"
            )
    return bytes(body)


def _records(body: bytes, url: str) -> list[dict[str, Any]]:
    try:
        answer = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Refused(f"The currency API at {url} answered with something that is not JSON: {_show(body)}") from None
    if not isinstance(answer, list):
        kind = "an object" if isinstance(answer, dict) else "a single value"
        raise Refused(f"The currency API at {url} answered with {kind} where an array is expected: {_show(body)}")
    if not answer:
        raise Refused(f"The currency API at {url} answered with an empty array; loading it would drop every currency.")
    for position, record in enumerate(answer):
        if not isinstance(record, dict):
            raise Refused(
                f"The currency API at {url} answered with {_show(json.dumps(record))} at position {position},"
                " where an object is expected."
            )
        for alias, name in _ALIASES.items():
            if alias in record and name in record:
                raise Refused(f"The currency API at {url} gives both {alias} and {name} at position {position}.")
    return answer


def _require_text(frame: pd.DataFrame, column: str, url: str) -> None:
    if column not in frame.columns:
        raise Refused(f"The currency API at {url} gives no {column} in any of its {len(frame)} objects.")
    wrong = ~frame[column].map(lambda value: isinstance(value, str))
    if wrong.any():
        position = int(wrong.to_numpy().argmax())
        raise Refused(
            f"The currency API at {url} gives no {column} that is text at position {position}"
            f" ({int(wrong.sum())} of {len(frame)} objects)."
        )


def _require_storable(frame: pd.DataFrame, column: str, url: str) -> None:
    """PostgreSQL takes neither of the two that JSON has: the character NUL, and half of a surrogate pair."""
    for position, text in enumerate(frame[column]):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise Refused(
                f"The currency API at {url} gives the {column} {text!r} at position {position}, with a character that"
                " no database takes."
            )


def _check_codes(codes: pd.Series, url: str) -> None:
    wrong = codes[~codes.str.fullmatch(r"\S{3}")]
    if not wrong.empty:
        raise Refused(f"The currency API at {url} gives the code {wrong.iloc[0]!r}; a code has three characters.")
    repeated = codes[codes.duplicated()]
    if not repeated.empty:
        raise Refused(f"The currency API at {url} gives the code {repeated.iloc[0]} more than once.")


def _timestamps(values: pd.Series, url: str) -> pd.Series:
    parsed = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    if parsed.isna().any():
        position = int(parsed.isna().to_numpy().argmax())
        raise Refused(
            f"The currency API at {url} gives the modifieddate {values.iloc[position]!r} at position {position},"
            " which is not an ISO 8601 date."
        )
    return parsed.dt.strftime("%Y-%m-%d %H:%M:%S.%f")


def _show(body: bytes | bytearray | str) -> str:
    """The start of an answer, short enough for a sentence."""
    text = " ".join((body.decode("utf-8", "replace") if not isinstance(body, str) else body).split())
    return f"“{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}”" if text else "an empty answer"
