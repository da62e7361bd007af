"""Numbers as people write them in a variable."""

from __future__ import annotations

from dataclasses import dataclass

from bikes_store.errors import Refused


@dataclass(frozen=True)
class Quantity:
    """A variable that is a number.

    :param variable: its name.
    :param unit: what it counts, in the plural.
    :param default: what a variable that is not set counts as.
    :param least: the smallest number that makes sense.
    :param most: the greatest one.
    :param is_whole: whether it has no part behind the point.
    :param least_above: the smallest number but 0; so 0 may stand for "never" where a small number would do harm.
    """

    variable: str
    unit: str
    default: int
    least: int
    most: int
    is_whole: bool = True
    least_above: int = 0

    def read(self, value: object) -> float:
        """The number that a value of the variable stands for, in any usual spelling (7, " 7 ", "7.0", "'7'").

        :raises Refused: when the value is something else. The sentence names the variable, its value, and what to
            write instead.
        """
        try:
            number = float(str(value).strip().strip("\"'"))
        except ValueError:
            number = self.least - 1
        in_range = self.least <= number <= self.most and (number == 0 or number >= self.least_above)  # nor NaN
        if in_range and not (self.is_whole and number % 1):
            return number
        kind = "whole number" if self.is_whole else "number"
        first = f"0 for never, or a {kind}" if self.least_above else f"a {kind}"
        raise Refused(
            f"Variable {self.variable} must be {first} of {self.unit} from {max(self.least, self.least_above):,} to"
            f" {self.most:,}, such as {self.default or self.least_above}, not {value!r}."
        )
