from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class Watch(models.Model):
    """How late some data was when the staleness monitor last looked: an account, or a series.

    It notes a change once; so whoever is told is told once, and again if that failed.
    """

    class State(models.TextChoices):
        FRESH = "fresh"
        LATE = "late"
        STALE = "stale"
        NEVER = "never"
        UNREADABLE = "unreadable"

    subject = models.CharField(max_length=200, unique=True, help_text="account:7, series:12:1d")
    name = models.CharField(max_length=200, help_text="For people.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State)
    says = models.CharField(max_length=500, blank=True)
    told_state = models.CharField(
        max_length=10, blank=True, help_text="What operators were told last."
    )
    changed_at = models.DateTimeField(help_text="Since when it is so.")

    class Meta:
        ordering: ClassVar = ["subject"]
        verbose_name_plural = "watches"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["fresh", "late", "stale", "never", "unreadable"]),
                name="watch_state_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
