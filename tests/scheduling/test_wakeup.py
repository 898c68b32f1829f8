from __future__ import annotations

from django.db import connection
from django.test import TestCase

from scheduling.models import Change
from scheduling.wakeup import announce_change, change_number


class ChangeNumberTests(TestCase):
    def test_rises_with_each_change_where_there_is_no_notify(self) -> None:
        Change.objects.all().delete()  # as `manage.py flush` does

        before = change_number()
        announce_change()
        announce_change()

        rise = {"sqlite": 2, "postgresql": 0}[connection.vendor]
        self.assertEqual(change_number() - before, rise)
