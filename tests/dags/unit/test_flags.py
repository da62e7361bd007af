from __future__ import annotations

import pytest

from bikes_store.errors import Refused
from bikes_store.flags import read_flag


@pytest.mark.parametrize("value", ["True", "true", " TRUE ", "yes", "Y", "on", "1", "t", True, 1, '"true"'])
def test_yes(value):
    assert read_flag(value, "X") is True


@pytest.mark.parametrize("value", ["False", "false", "NO", "n", "off", "0", "f", False, 0, "'false'"])
def test_no(value):
    assert read_flag(value, "X") is False


@pytest.mark.parametrize("value", ["", "maybe", "2", None, "truefalse", "Tru"])
def test_anything_else_is_refused_with_the_name(value):
    with pytest.raises(Refused, match=r"Variable X must be true or false, not "):
        read_flag(value, "X")
