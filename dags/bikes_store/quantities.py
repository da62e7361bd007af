"""Numbers as people write them in a variable."""

from __future__ import annotations

from bikes_store.errors import Refused


def read_number(value: object, variable: str, unit: str, most: float) -> float:
    """Read a variable that is a number from 0 on.

    :param variable: the variable's name, for the error.
    :param unit: what the number counts, for the error.
    :param most: the greatest number that makes sense.
    :raises Refused: for anything else. The sentence names the variable and its value.
    """
    try:
        number = float(str(value).strip().strip("\"'"))
    except ValueError:
        number = -1
    if not 0 <= number <= most:  # nor NaN
        raise Refused(f"Variable {variable} must be a number of {unit} from 0 to {most:g}, not {value!r}.")
    return number


def read_whole_number(value: object, variable: str, unit: str, most: int) -> int:
    """Read a variable that is a whole number from 0 on, like :func:`read_number`."""
    number = read_number(value, variable, unit, most)
    if number != int(number):
        raise Refused(f"Variable {variable} must be a whole number of {unit}, not {value!r}.")
    return int(number)
