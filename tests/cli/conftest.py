"""What tests of commands share."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture
def signals():
    """As Python sets them. A shell starts what it runs in the background with SIGINT ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
