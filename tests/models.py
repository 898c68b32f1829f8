"""Tables that only tests have."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from vault.fields import EncryptedTextField


class Diary(models.Model):
    """A row with secrets."""

    owner = models.CharField(max_length=20)
    entry = EncryptedTextField(null=True, blank=True)
    motto = EncryptedTextField()

    objects: ClassVar = models.Manager["Diary"]()

    def __str__(self) -> str:
        return self.owner
