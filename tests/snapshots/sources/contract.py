"""What every source keeps to. A subclass for each says how it is opened, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from prices.demo.server import Reply
from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    InvalidStatement,
    Position,
    Source,
    SourceError,
    SourceUnavailable,
    Statement,
)

Opens = Callable[[], Source]


class SourceContract:
    """A subclass has these fixtures; each opens a source that is ready to be asked.

    working  it answers
    absent   nobody answers
    garbled  what answers says something else altogether
    halves   ways in which a part of the answer is missing, each by itself
    """

    def test_a_statement_is_plain_complete_and_dated(self, working: Opens) -> None:
        statement = working().fetch()

        assert statement.is_complete
        assert statement.reliability == "ok"
        assert statement.as_of.tzinfo is UTC
        assert statement.as_of <= datetime.now(UTC)
        assert statement.currency.isupper()
        assert all(part.is_ok and part.name and not part.error for part in statement.parts)

    def test_positions_are_exact_and_fit(self, working: Opens) -> None:
        statement = working().fetch()

        assert statement.positions
        assert all(is_exact(position) for position in statement.positions)
        names = {part.name for part in statement.parts}
        assert {position.part for position in statement.positions} <= names | {""}

    def test_cash_is_among_the_positions(self, working: Opens) -> None:
        statement = working().fetch()

        assert all(position.kind == "currency" for position in statement.cash)
        assert set(statement.cash) <= set(statement.positions)

    def test_asked_twice_it_says_the_same(self, working: Opens) -> None:
        source = working()

        assert source.fetch().positions == source.fetch().positions

    def test_one_that_is_not_there_is_unavailable(self, absent: Opens) -> None:
        with pytest.raises(SourceUnavailable, match=r"\w"):
            absent().fetch()

    def test_what_cannot_be_read_is_refused(self, garbled: Opens) -> None:
        with pytest.raises(InvalidStatement, match=r"\w"):
            garbled().fetch()

    def test_half_an_answer_is_never_complete(self, halves: list[Opens]) -> None:
        for open_half in halves:
            statement = fetched(open_half())

            assert statement is None or not statement.is_complete
            if statement and statement.reliability == "ok":
                assert [part.error for part in statement.parts if not part.is_ok] != [""]


class ServerContract(SourceContract):
    """That of a source that calls a server; a subclass has the fixtures `server` and `opens`.

    opens  opens the source at the server, or at another `url`
    """

    @pytest.fixture
    def working(self, opens):
        return opens

    @pytest.fixture
    def absent(self, opens):
        return lambda: opens(url="http://127.0.0.1:9")

    @pytest.fixture
    def garbled(self, opens, server):
        server.reply_instead(Reply(body=b"<html>Maintenance</html>"))
        return opens


def fetched(source: Source) -> Statement | None:
    """Return the statement; None if the source refuses to give one."""
    try:
        return source.fetch()
    except SourceError:
        return None


def is_exact(position: Position) -> bool:
    numbers = (position.amount, position.value, position.price)
    return (
        0 < len(position.ticker) <= MAX_TICKER
        and len(position.name) <= MAX_TEXT
        and len(position.location) <= MAX_TEXT
        and all(number is None or is_finite(number) for number in numbers)
    )


def is_finite(number: Decimal) -> bool:
    return isinstance(number, Decimal) and number.is_finite()
