"""A field whose value is encrypted in the database, and a `Secret` in Python."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute

from vault.secret import Secret

DUMPED = "encrypted:"  # begins a value in dumpdata's files, which stays encrypted there


class _HidingAttribute(DeferredAttribute):
    """What is set becomes a Secret at once, so that it is hidden also before it is saved."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class EncryptedTextField(models.TextField[Any, Any]):
    """A text that is stored encrypted, and that only `row.field.reveal()` gives.

    It cannot be searched for: the same text is stored differently each time. A form shows
    nothing of it, and one that is sent with nothing in it leaves it as it is.
    """

    descriptor_class = _HidingAttribute
    empty_strings_allowed = False  # what nobody has set is no secret: null

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found: list[checks.CheckMessage] = super().check(**kwargs)
        if self.unique or getattr(self, "db_index", False):  # a primary key is unique
            hint = "The same text is stored differently each time: no index finds it."
            message = "An encrypted field cannot be a key, unique or indexed."
            found.append(checks.Error(message, hint=hint, obj=self, id="vault.E003"))
        return found

    def to_python(self, value: Any) -> Any:
        """Return a Secret, None or an expression of the ORM."""
        if value is None or isinstance(value, Secret) or hasattr(value, "resolve_expression"):
            return value
        text = str(value)
        if text.startswith(DUMPED):
            return Secret.from_stored(text.removeprefix(DUMPED))
        return Secret(text)

    def from_db_value(
        self, value: str | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> Secret | None:
        return None if value is None else Secret.from_stored(value, where=str(self))

    def get_prep_value(self, value: Any) -> Any:
        secret = self.to_python(value)
        return secret.stored() if isinstance(secret, Secret) else secret

    def value_to_string(self, obj: models.Model) -> str:
        return f"{DUMPED}{self.value_from_object(obj).stored()}"

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow to ask whether there is a secret, and nothing else: Django says so."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def formfield(self, **kwargs: Any) -> Any:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return super().formfield(**{"widget": widget} | kwargs)

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data:
            super().save_form_data(instance, data)
