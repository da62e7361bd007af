"""Where the axis of time has its marks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

_DAY = 86400
# Seconds between two marks => how a mark is written.
_STEPS = {
    1: "%H:%M:%S", 5: "%H:%M:%S", 10: "%H:%M:%S", 15: "%H:%M:%S", 30: "%H:%M:%S",
    60: "%H:%M", 120: "%H:%M", 300: "%H:%M", 600: "%H:%M", 900: "%H:%M", 1800: "%H:%M", 3600: "%H:%M",
    2 * 3600: "%H:%M", 3 * 3600: "%H:%M", 6 * 3600: "%d %b %H:%M", 12 * 3600: "%d %b %H:%M",
    _DAY: "%d %b", 2 * _DAY: "%d %b", 7 * _DAY: "%d %b", 14 * _DAY: "%d %b",
}  # fmt: skip
# Months between two marks => how a mark is written.
_MONTHS = {1: "%b %Y", 3: "%b %Y", 6: "%b %Y", 12: "%Y", 24: "%Y", 60: "%Y", 120: "%Y"}
_MOST = 6


def marks(start: float, end: float) -> list[tuple[float, str]]:
    """At most six round moments between two, each with its text. Times are seconds since 1970, texts are UTC."""
    for seconds, form in _STEPS.items():
        if (end - start) / seconds <= _MOST:
            first = -int(-start // seconds) * seconds
            return [(at, _text(at, form)) for at in range(first, int(end) + 1, seconds)]
    fits = (months for months in _MONTHS if (end - start) / (months * 30.4 * _DAY) <= _MOST)
    months = next(fits, max(_MONTHS))
    return [(at, _text(at, _MONTHS[months])) for at in _months(start, end, months)]


def span(start: float, end: float) -> str:
    """Two moments in full, to the minute; days if both are midnights."""
    if start % _DAY == end % _DAY == 0:
        return f"{_text(start, '%d %B %Y')} to {_text(end, '%d %B %Y')}"
    same_day = start // _DAY == end // _DAY
    return f"{_text(start, '%d %B %Y, %H:%M')} to {_text(end, '%H:%M' if same_day else '%d %B %Y, %H:%M')} UTC"


def _months(start: float, end: float, step: int) -> Iterator[float]:
    begin = datetime.fromtimestamp(start, timezone.utc)
    number = begin.year * 12 + begin.month - 1
    while True:
        at = datetime(number // 12, number % 12 + 1, 1, tzinfo=timezone.utc).timestamp()
        if at > end:
            return
        if at >= start and number % step == 0:
            yield at
        number += 1


def _text(at: float, form: str) -> str:
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=at)).strftime(form)
