"""What all kinds of trigger share: bounds, the last fire time, pickles, APScheduler."""

from __future__ import annotations

import io
import pickle
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger as PlainCronTrigger
from apscheduler.triggers.date import DateTrigger as PlainDateTrigger
from apscheduler.triggers.interval import IntervalTrigger as PlainIntervalTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.triggers import (
    CronTrigger,
    DateTrigger,
    IntervalTrigger,
    TriggerSpec,
    build_trigger,
)

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
SPECS = [
    TriggerSpec("cron", "*/15 7-23 * * *", "Europe/Zurich", start_at=NEW_YEAR, jitter_seconds=60),
    TriggerSpec("cron", "30 2 * * *", "Europe/Zurich"),
    TriggerSpec("cron", "0 * * * *", "America/New_York"),
    TriggerSpec("interval", "1d", "Africa/Cairo", anchor_at=NEW_YEAR),
    TriggerSpec("interval", "37m", anchor_at=NEW_YEAR),
    TriggerSpec("date", "2025-10-26T02:30", "Europe/Zurich", end_at=FAR),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def zurich(text: str) -> datetime:
    """Return a time in Zurich; a `+` at its end stands for the second pass of a fold."""
    wall = datetime.fromisoformat(text.rstrip("+"))
    return wall.replace(tzinfo=ZoneInfo("Europe/Zurich"), fold=text.count("+"))


def test_next_after_is_strictly_after() -> None:
    trigger = build_trigger(TriggerSpec("cron", "0 9 * * *"))

    assert trigger.next_after(at("2025-01-01T08:59:59.999999")) == at("2025-01-01T09:00")
    assert trigger.next_after(at("2025-01-01T09:00")) == at("2025-01-02T09:00")


def test_next_after_takes_any_zone_and_answers_in_utc() -> None:
    trigger = build_trigger(TriggerSpec("cron", "0 9 * * *", "Europe/Zurich"))

    found = trigger.next_after(datetime(2025, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))))

    assert found == at("2025-01-01T08:00")
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("after", "until"),
    [
        pytest.param("2025-10-26T02:05", "2025-10-26T02:25+", id="over-a-fold"),
        pytest.param("2025-10-26T02:20+", "2025-10-26T02:29+", id="in-its-second-pass"),
        pytest.param("2025-03-30T01:55", "2025-03-30T03:05", id="over-a-gap"),
        pytest.param("2025-03-30T02:25", "2025-03-30T04:00", id="from-within-a-gap"),
    ],
)
@pytest.mark.parametrize("expression", ["*/10 * * * *", "*/30 * * * *", "10,30 2,3 * * *"])
def test_answers_do_not_depend_on_the_zone_of_the_question(
    expression: str, after: str, until: str
) -> None:
    trigger = build_trigger(TriggerSpec("cron", expression, "Europe/Zurich"))

    local_from, local_to = zurich(after), zurich(until)
    start, end = local_from.astimezone(UTC), local_to.astimezone(UTC)

    assert trigger.next_after(local_from) == trigger.next_after(start)
    assert trigger.last_until(local_from, local_to) == trigger.last_until(start, end)
    assert trigger.fire_times(local_from, local_to, 99) == trigger.fire_times(start, end, 99)


def test_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        build_trigger(SPECS[0]).next_after(datetime(2025, 1, 1))  # noqa: DTZ001


def test_start_and_end_are_inclusive() -> None:
    start, end = at("2025-01-02T09:00"), at("2025-01-04T09:00")
    trigger = build_trigger(TriggerSpec("cron", "0 9 * * *", start_at=start, end_at=end))

    found = trigger.fire_times(at("2020-01-01T00:00"), FAR, 10)

    assert found == [start, at("2025-01-03T09:00"), end]


def test_no_fire_time_beyond_the_calendar_is_none_and_no_error() -> None:
    last_moment = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)

    assert build_trigger(TriggerSpec("cron", "0 0 1 1 *")).next_after(last_moment) is None
    assert build_trigger(TriggerSpec("interval", "100d")).next_after(last_moment) is None


def test_jitter_is_no_part_of_fire_times() -> None:
    calm = TriggerSpec("cron", "*/5 * * * *")
    jittery = TriggerSpec("cron", "*/5 * * * *", jitter_seconds=30)

    found = build_trigger(jittery).fire_times(NEW_YEAR, FAR, 288)

    assert found == build_trigger(calm).fire_times(NEW_YEAR, FAR, 288)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.expression)
@given(
    start=st.integers(0, 400 * 1440),
    minutes=st.integers(0, 3000),
)
@settings(max_examples=40, deadline=None)
def test_last_until_is_what_listing_all_fire_times_finds(
    spec: TriggerSpec, start: int, minutes: int
) -> None:
    trigger = build_trigger(spec)
    after = NEW_YEAR + timedelta(minutes=start)
    until = after + timedelta(minutes=minutes)

    found = trigger.last_until(after, until)

    listed = trigger.fire_times(after, until, 10_000)
    assert found == (listed[-1] if listed else None)


def test_last_until_never_lists_ten_years_of_seconds() -> None:
    trigger = build_trigger(TriggerSpec("cron", "* * * * * *"))
    until = NEW_YEAR + timedelta(days=3650)
    started = time.perf_counter()

    found = trigger.last_until(NEW_YEAR, until)

    assert found == until
    assert time.perf_counter() - started < 0.1


def test_fire_times_keeps_to_its_limit() -> None:
    trigger = build_trigger(TriggerSpec("cron", "* * * * *"))

    assert trigger.fire_times(NEW_YEAR, FAR, 2) == [
        at("2025-01-01T00:01"),
        at("2025-01-01T00:02"),
    ]
    assert trigger.fire_times(NEW_YEAR, FAR, 0) == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.expression)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_trigger_survives_pickling(spec: TriggerSpec, protocol: int) -> None:
    trigger = build_trigger(spec)

    restored = pickle.loads(pickle.dumps(trigger, protocol))  # noqa: S301

    assert restored == trigger
    assert restored.fire_times(NEW_YEAR, FAR, 3) == trigger.fire_times(NEW_YEAR, FAR, 3)


class NameCollector(pickle.Unpickler):
    """Loads a pickle and keeps the names it asks for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.expression)
def test_pickle_names_nothing_but_triggers_and_times(spec: TriggerSpec) -> None:
    collector = NameCollector(pickle.dumps(build_trigger(spec), 4))

    collector.load()

    kind = spec.kind
    assert collector.names <= {
        "datetime.datetime",
        "datetime.timedelta",
        "datetime.timezone",
        f"scheduling.triggers.{kind}.{kind.title()}Trigger",
        "scheduling.triggers.spec.TriggerSpec",
    }


def test_equal_specs_share_one_trigger() -> None:
    assert build_trigger(SPECS[0]) is build_trigger(SPECS[0])
    assert build_trigger(SPECS[0]) != build_trigger(SPECS[1])


@pytest.mark.parametrize(
    ("ours", "plain"),
    [
        (CronTrigger, PlainCronTrigger),
        (IntervalTrigger, PlainIntervalTrigger),
        (DateTrigger, PlainDateTrigger),
    ],
)
def test_triggers_are_those_of_apscheduler(ours: type, plain: type) -> None:
    assert issubclass(ours, plain)


def test_apscheduler_takes_the_next_run_time_from_the_trigger() -> None:
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.start(paused=True)
    soon = datetime.now(UTC) + timedelta(days=1)

    job = scheduler.add_job(print, build_trigger(TriggerSpec("date", soon.isoformat())))
    scheduler.shutdown()

    assert job.next_run_time == soon


def test_get_next_fire_time_follows_the_previous_one() -> None:
    trigger = build_trigger(TriggerSpec("cron", "0 9 * * *"))
    nine = at("2025-01-01T09:00")

    assert trigger.get_next_fire_time(None, nine) == nine
    assert trigger.get_next_fire_time(nine, at("2025-01-05T00:00")) == at("2025-01-02T09:00")
    # A clock set back fires nothing twice.
    assert trigger.get_next_fire_time(nine, at("2024-12-01T00:00")) == at("2025-01-02T09:00")


@pytest.mark.parametrize(
    "expression", ["*/15 7-23 * * *", "59 23 * * *", "*/10 * * * * *", "0 0 29 2 *", "0 9 last * *"]
)
def test_next_after_takes_microseconds(expression: str) -> None:
    trigger = build_trigger(TriggerSpec("cron", expression, "Europe/Zurich"))
    started = time.perf_counter()

    for minute in range(1000):
        trigger.next_after(NEW_YEAR + timedelta(minutes=minute))

    # Twenty microseconds each where it was measured; the bound leaves room for a busy machine.
    assert time.perf_counter() - started < 0.5


def test_search_ends_for_what_only_ever_falls_into_a_gap() -> None:
    trigger = build_trigger(TriggerSpec("cron", "* 2 * 3 0L", "Europe/Zurich"))
    started = time.perf_counter()

    assert trigger.next_after(NEW_YEAR) is None
    assert time.perf_counter() - started < 0.5
