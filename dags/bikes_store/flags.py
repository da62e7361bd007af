"""True and false as people write them in a variable."""

from __future__ import annotations

from bikes_store.errors import Refused

_WORDS = {"true": True, "t": True, "yes": True, "y": True, "on": True, "1": True}
_WORDS |= {"false": False, "f": False, "no": False, "n": False, "off": False, "0": False}


def read_flag(value: object, variable: str) -> bool:
    """Read a true/false variable in any usual spelling (True, "true", yes, on, 1, …).

    :param variable: the variable's name, for the error.
    :raises Refused: for anything else. The sentence names the variable and its value.
    """
    flag = _WORDS.get(str(value).strip().strip("\"'").lower())
    if flag is None:
        raise Refused(f"Variable {variable} must be true or false, not {value!r}.")
    return flag
