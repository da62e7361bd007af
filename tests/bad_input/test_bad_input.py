"""Bad input of every kind, as table.py lists it: one clear sentence, the right state, nothing written, no traceback."""

from __future__ import annotations

import logging

import pytest
from airflow.exceptions import AirflowFailException

from bikes_store.errors import Unavailable
from tests.bad_input.table import AT_ONCE, CASES, LATER, TAKEN, Case
from tests.bad_input.world import World

LONGEST = 700


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_bad_input(world: World, case: Case) -> None:
    case.given(world)
    before = world.state()
    world.log.clear()
    world.capture.readouterr()
    if case.outcome == TAKEN:
        with world.log.at_level(logging.WARNING):
            case.then(world)
        assert case.says in world.log.text
        return
    said = failure_of(case, world)
    assert case.says in said
    assert "Traceback" not in said
    assert not [name for name, value in world.secrets.items() if value in said]
    assert world.web.url in said or not case.what.startswith("API: ")
    assert world.state() == before


def failure_of(case: Case, world: World) -> str:
    """What was said."""
    if isinstance(case.outcome, int):
        code = case.then(world)
        shown = world.capture.readouterr()
        assert code == case.outcome
        return " ".join((shown.out + shown.err).split())
    expected = {AT_ONCE: AirflowFailException, LATER: Unavailable}[case.outcome]
    with pytest.raises(Exception) as failure:
        case.then(world)
    said = str(failure.value)
    assert type(failure.value) is expected, repr(failure.value)
    assert "\n" not in said
    assert len(said) < LONGEST
    return said


def test_each_case_has_a_name_of_its_own() -> None:
    assert len({case.what for case in CASES}) == len(CASES) >= 60
