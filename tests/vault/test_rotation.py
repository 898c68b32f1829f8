from __future__ import annotations

from io import StringIO

from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test import TestCase, override_settings

from tests.models import Diary
from vault import checks
from vault.keys import new_key
from vault.rotation import encrypted_fields, rotate
from vault.secret import Secret

OLD, NEW, LOST = new_key(), new_key(), new_key()


def make_diary(key: str, entry: str | None = "secret", motto: str = "secret") -> Diary:
    with override_settings(FIELD_ENCRYPTION_KEYS=[key]):
        return Diary.objects.create(owner="jack", entry=entry, motto=motto)


def rotate_by_hand(*options: str) -> str:
    output = StringIO()
    call_command("rotate_field_keys", *options, stdout=output)
    return output.getvalue()


@override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD])
class RotationTests(TestCase):
    def test_afterwards_the_old_key_is_not_needed(self):
        make_diary(OLD)
        make_diary(NEW, entry=None)

        said = rotate_by_hand()

        self.assertIn(
            "Secrets: 2 encrypted under the first key, 1 were already, 0 forgotten.", said
        )
        with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
            self.assertEqual(Diary.objects.earliest("pk").entry.reveal(), "secret")

    def test_no_scheduler_starts_while_a_secret_cannot_be_read(self):
        make_diary(LOST)

        with self.assertRaisesMessage(SystemCheckError, "its secrets cannot be read"):
            call_command("runapscheduler")

    def test_a_second_time_changes_nothing(self):
        make_diary(OLD)
        rotate()

        self.assertEqual((rotate().renewed, rotate().unchanged), (0, 2))

    def test_a_dry_run_writes_nothing(self):
        make_diary(OLD)

        self.assertIn("Secrets: 2 would be encrypted", rotate_by_hand("--dry-run"))

        self.assertEqual(rotate().renewed, 2)

    def test_more_rows_than_are_read_at_once_are_all_rotated(self):
        with override_settings(FIELD_ENCRYPTION_KEYS=[OLD]):
            Diary.objects.bulk_create([Diary(owner="jack", motto="x") for _ in range(1001)])

        self.assertEqual(rotate().renewed, 1001)

    def test_what_was_written_in_the_meantime_is_left_alone(self):
        diary = make_diary(OLD)
        seen = diary.entry.stored()
        Diary.objects.update(entry="newer")

        field = next(one for one in encrypted_fields() if str(one) == "tests.Diary.entry")

        self.assertFalse(field.write(diary.pk, seen=seen, secret=Secret("older")))
        self.assertEqual(Diary.objects.get().entry.reveal(), "newer")

    def test_what_no_key_reads_is_named_and_stays(self):
        diary = make_diary(LOST, entry=None)

        with self.assertRaisesMessage(CommandError, f"tests.Diary.motto of row {diary.pk}"):
            rotate_by_hand()

        with override_settings(FIELD_ENCRYPTION_KEYS=[LOST]):
            self.assertEqual(Diary.objects.get().motto.reveal(), "secret")

    def test_what_no_key_reads_is_forgotten_where_it_may_be(self):
        make_diary(LOST)

        self.assertEqual(rotate(forget_unreadable=True, dry_run=True).forgotten, 1)
        rotated = rotate(forget_unreadable=True)

        self.assertEqual((rotated.forgotten, len(rotated.unreadable)), (1, 1))
        self.assertIsNone(Diary.objects.get().entry)

    @override_settings(FIELD_ENCRYPTION_KEYS=["no key"])
    def test_without_a_key_the_command_says_how_to_make_one(self):
        make_diary(OLD)

        with self.assertRaisesMessage(CommandError, "Number 1 of 1 is no key. Make one with: head"):
            rotate_by_hand()


class CheckTests(TestCase):
    def stored_values(self) -> list[str]:
        found = checks.check_stored_values(None, databases=["default"])
        return [f"{one.id} {one.msg} {one.hint}" for one in found]

    def test_good_keys_and_values_pass(self):
        with override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
            make_diary(OLD)

            self.assertEqual([*checks.check_keys(None), *self.stored_values()], [])

    def test_keys_that_are_none_come_with_what_to_do(self):
        for keys, fault in (([], "There is no key."), ([NEW, "x"], "Number 2 of 2 is no key.")):
            with override_settings(FIELD_ENCRYPTION_KEYS=keys):
                (error,) = checks.check_keys(None)

                self.assertEqual(error.msg, f"FIELD_ENCRYPTION_KEYS: {fault}")
                self.assertIn("Make one with: head -c 32", error.hint)
                self.assertEqual(self.stored_values(), [])

    def test_values_that_cannot_be_read_come_with_what_to_do(self):
        diary = make_diary(LOST, entry=None)

        with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
            (said,) = self.stored_values()

        self.assertIn(
            f"tests.Diary.motto: 1 of its secrets cannot be read, such as that of row {diary.pk}",
            said,
        )
        self.assertIn("Add the key that encrypted them", said)

    def test_other_databases_are_not_looked_at(self):
        make_diary(LOST)

        self.assertEqual(checks.check_stored_values(None, databases=[]), [])
        self.assertEqual(checks.check_stored_values(None), [])

    def test_a_table_that_is_still_to_be_made_has_no_secrets(self):
        Diary._meta.db_table, before = "nowhere", Diary._meta.db_table
        self.addCleanup(setattr, Diary._meta, "db_table", before)

        self.assertEqual(self.stored_values(), [])
