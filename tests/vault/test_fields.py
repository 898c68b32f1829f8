from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, models
from django.forms import modelform_factory
from django.test import TestCase, override_settings
from rest_framework.serializers import ModelSerializer

from tests.models import Diary
from vault.exceptions import CannotDecrypt, KeysUnusable
from vault.fields import EncryptedTextField
from vault.keys import new_key
from vault.secret import HIDDEN, Secret

TEXT = "Dear diary, 일기 🔑"


def make_diary(entry: str | None = TEXT, motto: str = "Carpe diem") -> Diary:
    return Diary.objects.create(owner="jack", entry=entry, motto=motto)


def stored_entry() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT entry FROM tests_diary")
        return str(cursor.fetchone()[0])


class EncryptedTextFieldTests(TestCase):
    def test_gives_back_what_was_set(self):
        make_diary()

        self.assertEqual(Diary.objects.get().entry.reveal(), TEXT)

    def test_the_database_has_nothing_of_it(self):
        make_diary()

        self.assertTrue(stored_entry().startswith("gAAAAA"))
        self.assertNotIn("diary", stored_entry())

    def test_no_secret_is_null(self):
        make_diary(entry=None)

        self.assertIsNone(Diary.objects.get(entry__isnull=True).entry)

    def test_what_was_never_set_is_no_secret(self):
        self.assertIsNone(Diary().motto)

    def test_saving_again_stores_the_same(self):
        diary = make_diary()
        before = stored_entry()
        Diary.objects.get().save()

        diary.save()

        self.assertEqual(stored_entry(), before)

    def test_saves_under_a_lost_key_what_was_not_touched(self):
        make_diary()
        before = stored_entry()

        with override_settings(FIELD_ENCRYPTION_KEYS=[new_key()]):
            Diary.objects.get().save()

        self.assertEqual(stored_entry(), before)

    def test_rows_can_be_updated_and_copied(self):
        make_diary()
        Diary.objects.update(entry="changed", motto=models.F("entry"))

        diary = Diary.objects.get()

        self.assertEqual(diary.entry.reveal(), "changed")
        self.assertEqual(diary.motto.reveal(), TEXT)

    def test_cannot_be_searched_for(self):
        for lookup in ("entry", "entry__contains", "entry__in"):
            with self.assertRaises(FieldError):
                Diary.objects.filter(**{lookup: TEXT})

    def test_another_key_is_said_and_nothing_is_returned(self):
        make_diary()

        with override_settings(FIELD_ENCRYPTION_KEYS=[new_key()]):
            entry = Diary.objects.get().entry
            message = "tests.Diary.entry cannot be read. None of FIELD_ENCRYPTION_KEYS"
            with self.assertRaisesMessage(CannotDecrypt, message):
                entry.reveal()

    def test_the_first_key_encrypts_and_all_decrypt(self):
        old, new = new_key(), new_key()
        with override_settings(FIELD_ENCRYPTION_KEYS=[old]):
            make_diary()

        with override_settings(FIELD_ENCRYPTION_KEYS=[new, old]):
            diary = Diary.objects.get()
            diary.motto = "new"
            diary.save()

            self.assertEqual(Diary.objects.get().entry.reveal(), TEXT)
        self.assertEqual(Fernet(new).decrypt(diary.motto.stored()), b"new")

    def test_without_keys_nothing_is_stored(self):
        with (
            override_settings(FIELD_ENCRYPTION_KEYS=[]),
            self.assertRaisesMessage(KeysUnusable, "There is no key."),
        ):
            make_diary()

    def test_a_dump_is_encrypted_and_can_be_loaded(self):
        make_diary()
        dump = serializers.serialize("json", Diary.objects.all())
        Diary.objects.all().delete()

        for row in serializers.deserialize("json", dump):
            row.save()

        self.assertNotIn("diary,", dump)
        self.assertEqual(Diary.objects.get().entry.reveal(), TEXT)


class ShowingTests(TestCase):
    def test_a_form_shows_nothing_and_an_empty_one_changes_nothing(self):
        diary = make_diary()
        form_of = modelform_factory(Diary, fields=["entry"])
        shown = form_of(instance=diary).as_p()

        form_of({"entry": ""}, instance=diary).save()
        form_of({"entry": "typed"}, instance=diary).save()

        self.assertNotIn("value=", shown)
        self.assertIn('type="password"', shown)
        self.assertEqual(Diary.objects.get().entry.reveal(), "typed")

    def test_an_empty_form_leaves_what_is_there(self):
        diary = make_diary()
        form = modelform_factory(Diary, fields=["motto"])({"motto": ""}, instance=diary)

        self.assertFalse(form.is_valid())
        self.assertEqual(diary.motto.reveal(), "Carpe diem")

    def test_the_api_shows_that_there_is_one(self):
        class DiarySerializer(ModelSerializer[Diary]):
            class Meta:
                model = Diary
                fields = ("entry",)

        self.assertEqual(DiarySerializer(make_diary()).data, {"entry": HIDDEN})

    def test_is_hidden_before_it_is_saved(self):
        diary = Diary(entry=TEXT)

        self.assertEqual(str(vars(diary)["entry"]), HIDDEN)


@pytest.mark.parametrize("show", [str, repr, "{}".format, "%s".__mod__, "{0!r:>9}".format])
def test_a_secret_is_shown_to_nobody(show: Any) -> None:
    assert TEXT not in show(Secret(TEXT))
    assert TEXT not in show([Secret(TEXT)])


@pytest.mark.parametrize("send", [pickle.dumps, json.dumps])
def test_a_secret_is_sent_nowhere(send: Any) -> None:
    with pytest.raises(TypeError):
        send(Secret(TEXT))


def test_a_secret_can_be_copied_with_its_row() -> None:
    assert copy.deepcopy(Secret(TEXT)).reveal() == TEXT


@pytest.mark.parametrize("option", ["unique", "db_index", "primary_key"])
def test_no_index_of_it_is_allowed(option: str) -> None:
    options: dict[str, Any] = {"name": "entry", option: True}
    field = EncryptedTextField(**options)
    field.model = Diary

    assert [found.id for found in field.check()] == ["vault.E003"]
