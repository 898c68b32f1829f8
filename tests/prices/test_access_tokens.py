from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test import TestCase, override_settings

from prices.access_tokens import PACE, PATIENCE, DatabaseTokens
from prices.models import AccessToken
from prices.models.access_token import MARGIN
from prices.venues.access_tokens import AskedTooSoon, IssuedToken
from prices.venues.base import InvalidAnswer, KeysRefused, RateLimited, VenueUnavailable
from tests.prices.venues.surroundings import NOW, Clock
from vault.exceptions import CannotDecrypt
from vault.keys import new_key
from vault.secret import Secret

A_DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class TokensCase(TestCase):
    def setUp(self):
        self.clock = Clock()
        self.tokens = DatabaseTokens("kis", "0123", self.clock.chance)
        self.asked: list[float] = []  # s after the beginning
        self.answers: list[Exception] = []  # instead of a token
        self.token = ""  # empty: another one each time

    def ask(self) -> IssuedToken:
        self.asked.append((self.clock.now() - NOW).total_seconds())
        if self.answers:
            raise self.answers.pop(0)
        token = self.token or f"token {len(self.asked)}"
        return IssuedToken(token=Secret(token), expires_at=self.clock.now() + A_DAY)

    def current(self, ask: Callable[[], IssuedToken] | None = None):
        return self.tokens.current(ask or self.ask).reveal()

    def refused_after(self, kind: type[Exception]):
        """Return after how many seconds no token was given."""
        begun = self.clock.now()
        with self.assertRaises(kind):
            self.current()
        return (self.clock.now() - begun).total_seconds()


class AccessTokenTests(TokensCase):
    def test_one_is_asked_for_and_everybody_gets_it(self):
        other = DatabaseTokens("kis", "0123", self.clock.chance)

        self.assertEqual([self.current(), other.current(self.ask).reveal()], ["token 1"] * 2)

        self.assertEqual(len(self.asked), 1)

    def test_the_database_does_not_show_it(self):
        self.current()

        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM prices_accesstoken")
            self.assertNotIn("token 1", str(cursor.fetchall()))

    def test_another_key_has_another_one(self):
        self.current()

        self.assertEqual(
            DatabaseTokens("kis", "4567", self.clock.chance).current(self.ask).reveal(), "token 2"
        )

    def test_a_while_before_its_end_another_one_is_asked_for(self):
        self.current()
        self.clock.time += A_DAY - MARGIN - SECOND
        before = self.current()
        self.clock.time += SECOND

        self.assertEqual([before, self.current()], ["token 1", "token 2"])

    def test_one_that_was_refused_is_used_by_nobody(self):
        self.current()
        self.clock.time += PACE
        self.tokens.refuse(Secret("token 1"))

        self.assertEqual(self.current(), "token 2")

    def test_all_who_notice_a_refusal_cost_one_token(self):
        self.current()
        self.clock.time += PACE
        for _ in range(3):
            self.tokens.refuse(Secret("token 1"))
            self.assertEqual(self.current(), "token 2")

        self.assertEqual(len(self.asked), 2)

    def test_the_next_one_is_asked_for_a_minute_later(self):
        self.current()
        self.tokens.refuse(Secret("token 1"))

        self.current()

        self.assertEqual(self.asked[0], 0)
        self.assertTrue(60 < self.asked[1] < 63)

    def test_one_that_was_refused_and_is_given_again_is_no_use(self):
        self.token = "the same"
        self.current()
        self.clock.time += PACE
        self.tokens.refuse(Secret("the same"))

        with self.assertRaisesMessage(KeysRefused, "gives the access token again that it does"):
            self.current()

    def test_one_that_has_ended_is_no_use(self):
        over = IssuedToken(token=Secret("x"), expires_at=NOW)

        with self.assertRaisesMessage(InvalidAnswer, "Is this machine's clock right?"):
            self.current(lambda: over)

    @override_settings(FIELD_ENCRYPTION_KEYS=[new_key()])
    def test_one_under_a_lost_key_is_said(self):
        self.current()

        with override_settings(FIELD_ENCRYPTION_KEYS=[new_key()]):
            with self.assertRaisesMessage(CannotDecrypt, "prices.AccessToken.token cannot be read"):
                self.current()

            self.assertEqual(len(self.asked), 1)

    def test_says_of_itself_until_when_it_is(self):
        self.current()

        self.assertEqual(str(AccessToken.objects.get()), "of kis, until 2026-03-12 14:40Z")


class AskingTests(TokensCase):
    def claim(self) -> AccessToken:
        """Let somebody else begin to ask."""
        row = AccessToken.objects.shared(venue="kis", key="0123")
        self.assertTrue(row.claim(self.clock.now(), pace=PACE))
        return row

    def test_who_comes_while_another_one_asks_waits_for_his_token(self):
        row = self.claim()
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            self.clock.sleep(seconds)
            if len(slept) == 3:
                ends_at = self.clock.now() + A_DAY
                row.keep(Secret("his"), issued_at=self.clock.now(), expires_at=ends_at)

        chance = self.clock.chance
        tokens = DatabaseTokens("kis", "0123", type(chance)(now=chance.now, sleep=sleep))

        self.assertEqual(tokens.current(self.ask).reveal(), "his")
        self.assertEqual((self.asked, len(slept)), ([], 3))

    def test_two_cannot_ask_at_once(self):
        row = AccessToken.objects.shared(venue="kis", key="0123")
        late = AccessToken.objects.shared(venue="kis", key="0123")

        self.assertTrue(row.claim(NOW, pace=PACE))
        self.assertFalse(late.claim(NOW, pace=PACE))

    def test_who_looked_before_there_was_one_does_not_ask(self):
        late = AccessToken.objects.shared(venue="kis", key="0123")
        self.current()

        self.assertFalse(late.claim(NOW + PACE, pace=PACE))

    def test_who_dies_while_he_asks_holds_up_the_others_for_a_minute(self):
        self.claim()

        self.current()

        self.assertTrue(60 < self.asked[0] < 63)

    def test_what_a_clock_that_was_ahead_has_written_holds_nobody(self):
        row = AccessToken.objects.shared(venue="kis", key="0123")
        row.claim(NOW + A_DAY, pace=PACE)

        self.assertEqual(self.current(), "token 1")
        self.assertEqual(self.clock.slept, 0)

    def test_who_was_taken_for_dead_overwrites_nothing(self):
        dead = self.claim()
        self.current()

        dead.keep(Secret("late"), issued_at=NOW, expires_at=NOW + A_DAY)
        dead.release(NOW)

        self.assertEqual(self.current(), "token 1")

    def test_too_soon_is_waited_for(self):
        self.answers = [AskedTooSoon("EGW00133", until=NOW + 60 * SECOND)]

        self.assertEqual(self.current(), "token 2")
        self.assertTrue(60 <= self.asked[1] < 62)

    def test_too_soon_for_too_long_is_said(self):
        until = NOW + PATIENCE + 30 * SECOND
        self.answers = [AskedTooSoon("EGW00133", until=until)]

        with self.assertRaisesMessage(RateLimited, "before 2026-03-11 14:42:59Z") as limited:
            self.current()

        self.assertEqual(limited.exception.until, until)
        self.assertEqual(self.clock.slept, 0)

    def test_wrong_keys_are_told_to_all_and_tried_once_a_minute(self):
        self.answers = [KeysRefused("EGW00103"), KeysRefused("EGW00103")]

        self.assertEqual([self.refused_after(KeysRefused) for _ in range(3)], [0, 0, 0])
        self.assertEqual(len(self.asked), 1)
        self.clock.time += PACE
        self.refused_after(KeysRefused)

        self.assertEqual(len(self.asked), 2)

    def test_a_fault_lets_the_next_one_ask_at_once(self):
        self.answers = [VenueUnavailable("502"), KeyboardInterrupt()]
        with self.assertRaises(VenueUnavailable):
            self.current()
        with self.assertRaises(KeyboardInterrupt):
            self.current()

        self.assertEqual(self.current(), "token 3")
        self.assertEqual(self.asked, [0, 0, 0])
