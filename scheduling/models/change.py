from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One row whose number rises with every change that schedulers must see (SQLite)."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Change {self.number}"
