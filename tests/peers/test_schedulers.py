"""What goes wrong with django-apscheduler's schedulers: see docs/peers.md."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from tests.peers.outage import without_writes
from tests.peers.system import (
    HOUR,
    SECOND,
    Spec,
    System,
    django_apscheduler_fails,
    happens,
    just_now,
)

SCHEDULERS = 3
OUTAGE = 2.0  # s
FIRE_TIMES = 2


@django_apscheduler_fails(r"of \d fire times ran more than once")
def test_each_fire_time_runs_once_under_three_schedulers(system: System) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    system.add_job(Spec("each_second", every=SECOND, since=start))
    programs = [system.launch() for _ in range(SCHEDULERS)]
    for program in programs:
        program.wait_for(system.up, seconds=20)
    since = datetime.now(UTC)

    happens(lambda: datetime.now(UTC) > since + FIRE_TIMES * SECOND)

    lines = [line for line in system.lines("each_second") if line.scheduled_at > since]
    counted = Counter(line.scheduled_at.replace(microsecond=0) for line in lines)
    doubled = [instant for instant, times in counted.items() if times > 1]
    assert len(counted) >= FIRE_TIMES - 1
    assert not doubled, f"{len(doubled)} of {len(counted)} fire times ran more than once"


@django_apscheduler_fails("nothing ran afterwards")
def test_it_goes_on_after_nobody_could_write(system: System) -> None:
    system.add_job(Spec("each_second", every=SECOND, since=just_now(), catch_up=True))
    program = system.start()
    assert happens(system.ran("each_second"))

    without_writes(OUTAGE)

    back_at = datetime.now(UTC).timestamp()
    happens(lambda: program.poll() is not None or last(system) > back_at)
    assert last(system) > back_at, "nothing ran afterwards"


def last(system: System) -> float:
    return system.lines("each_second")[-1].written_at


@django_apscheduler_fails("did not run within 2 s")
def test_an_edit_is_in_effect_at_once(system: System) -> None:
    system.add_job(Spec("edited", every=24 * HOUR))
    system.start()

    system.change("edited", every=SECOND)

    assert happens(system.ran("edited"), seconds=2), "It did not run within 2 s of the edit."
