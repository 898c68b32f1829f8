from __future__ import annotations

from scheduling.pace import GOAL, LARGEST, LONGEST_REST, SHORTEST_REST, SMALLEST, Pace


class Stage:
    """A clock that moves when somebody works or rests."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self.pace = Pace(clock=lambda: self.now, rest=self.rests.append)

    def step(self, took: float) -> None:
        with self.pace.step():
            self.now += took


def test_each_step_is_followed_by_a_rest_as_long_as_itself() -> None:
    stage = Stage()

    stage.step(0.2)

    assert stage.rests == [0.2]


def test_a_rest_is_long_enough_for_a_writer_that_polls_and_never_longer_than_a_second() -> None:
    stage = Stage()

    stage.step(0.0)
    stage.step(90.0)

    assert stage.rests == [SHORTEST_REST, LONGEST_REST]


def test_quick_steps_grow_up_to_a_limit() -> None:
    stage = Stage()

    for _ in range(20):
        stage.step(GOAL / 10)

    assert stage.pace.size == LARGEST


def test_slow_steps_shrink_down_to_a_limit() -> None:
    stage = Stage()
    stage.pace.size = LARGEST

    stage.step(GOAL * 2)
    assert stage.pace.size == LARGEST // 2

    for _ in range(20):
        stage.step(GOAL * 2)
    assert stage.pace.size == SMALLEST
