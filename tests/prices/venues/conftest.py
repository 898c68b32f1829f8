from __future__ import annotations

import pytest

from tests.prices.venues.surroundings import Clock, MemoryGate


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> MemoryGate:
    return MemoryGate(clock)
