from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.utils.timezone import now

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers import Trigger, TriggerSpec, build_trigger, validate

FIELDS = {"kind": "trigger_kind", "expression": "trigger_expression"}


class Triggered(models.Model):
    """When a job fires: one trigger, as kind and expression, in a time zone."""

    class TriggerKind(models.TextChoices):
        CRON = "cron", "Cron"
        INTERVAL = "interval", "Interval"
        DATE = "date", "Once, at a date"

    trigger_kind = models.CharField(max_length=10, choices=TriggerKind, default=TriggerKind.CRON)
    trigger_expression = models.CharField(
        max_length=200, help_text="Cron: */15 7-23 * * *. Interval: 15m. Date: 2026-12-31T18:00."
    )
    timezone = models.CharField(max_length=64, default="UTC", help_text="Europe/Zurich")
    start_at = models.DateTimeField(null=True, blank=True, help_text="No fire time before.")
    end_at = models.DateTimeField(null=True, blank=True, help_text="No fire time after.")
    jitter_seconds = models.PositiveIntegerField(
        default=0, help_text="A run starts up to so many seconds after its fire time."
    )
    anchor_at = models.DateTimeField(
        default=now, editable=False, help_text="Where an interval without start counts."
    )

    class Meta:
        abstract = True

    @property
    def trigger_spec(self) -> TriggerSpec:
        return TriggerSpec(
            kind=str(self.trigger_kind),  # not the choice, which is no type for a pickle
            expression=self.trigger_expression,
            timezone=self.timezone,
            start_at=self.start_at,
            end_at=self.end_at,
            jitter_seconds=self.jitter_seconds or 0,
            anchor_at=self.anchor_at,
        )

    @property
    def beat(self) -> tuple[str, str]:
        """What an interval counts by; another time zone, end or jitter does not start it anew."""
        return self.trigger_kind, self.trigger_expression

    @property
    def trigger_object(self) -> Trigger:
        """The trigger itself. Raise InvalidTrigger if it cannot be read."""
        return build_trigger(self.trigger_spec)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        # What the trigger says of an unknown kind says more than the list of choices.
        super().clean_fields(exclude={*(exclude or ()), "trigger_kind"})

    def trigger_errors(self, stored: Triggered | None) -> dict[str, list[str]]:
        """Return what is wrong with the trigger, by model field.

        A trigger that is as it was `stored` may lie in the past.
        """
        try:
            if stored is not None and stored.trigger_spec == self.trigger_spec:
                build_trigger(self.trigger_spec)
            else:
                validate(self.trigger_spec, now())
        except InvalidTrigger as exc:
            return {FIELDS.get(name, name): texts for name, texts in exc.errors.items()}
        return {}
