"""The form of a job, for adding and for changing one."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from scheduling.exceptions import UnknownTask
from scheduling.forms.parameters import ParametersForm, ParametersWidget
from scheduling.forms.trigger import BOUNDS, TriggerFields, on_the_wall
from scheduling.models import Job
from scheduling.registry import Task, registry
from scheduling.triggers.zones import zone_or_utc

# The policies that the task's author chose, each with the attribute of Task.
OF_THE_TASK = {
    "timeout_seconds": "timeout",
    "max_attempts": "max_attempts",
    "backoff_seconds": "backoff",
    "retry_lost": "retry_lost",
}

EDITED_MEANWHILE = (
    "Somebody changed this job after you opened it, so nothing was saved. Open it again to see the "
    "change. What you typed is kept below."
)


def _number(help_text: str, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        widget=UnfoldAdminIntegerFieldWidget({"placeholder": "As the task says"}),
        help_text=help_text,
        **options,
    )


class JobForm(TriggerFields, forms.ModelForm[Job]):
    """A job with its parameters as fields, and times on the clock of its zone."""

    task = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    params = forms.Field(label="Parameters", required=False, widget=ParametersWidget)
    timeout_seconds = _number("Seconds. An attempt is ended then.", label="Timeout", min_value=1)
    max_attempts = _number("1: no retry.", min_value=1)
    backoff_seconds = _number(
        "Seconds before the second attempt; doubled for each further one.",
        label="Back-off",
        min_value=0,
    )
    retry_lost = forms.TypedChoiceField(
        required=False,
        choices=[("", "As the task says"), ("True", "Yes"), ("False", "No")],
        coerce=lambda text: text == "True",
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
        help_text="Run again after a worker died in mid-run.",
    )

    version = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Job
        fields: ClassVar = [
            "key", "name", "description", "task", "params", "owner",
            "trigger_kind", "trigger_expression", "timezone", "start_at", "end_at",
            "jitter_seconds", "coalesce", "overlap", "max_instances",
            "misfire_grace_seconds", *OF_THE_TASK,
        ]  # fmt: skip
        labels: ClassVar = {"misfire_grace_seconds": "Misfire grace"}
        widgets: ClassVar = {"description": UnfoldAdminExpandableTextareaWidget}
        help_texts: ClassVar = {
            "misfire_grace_seconds": "Seconds. A run that could not start so long after its "
            "time is missed. Empty: it starts however late.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._show_wall_clocks()
        self.fields["task"].choices = _choices(self.instance.task)  # type: ignore[attr-defined]
        self.initial["task"] = self._stored_task()
        self.initial["version"] = _version_of(self.instance) if self.instance.pk else ""
        self.parameters = self._parameters_form()
        self.fields["params"].widget.form = self.parameters

    def clean_params(self) -> dict[str, Any]:
        if not self.parameters.is_valid() and self.parameters.task is not None:
            raise ValidationError("Correct the parameters that are marked.")
        return self.parameters.params

    def clean_jitter_seconds(self) -> int:
        return self.cleaned_data["jitter_seconds"] or 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        zone = zone_or_utc(cleaned.get("timezone", ""))
        for name in BOUNDS:
            if name in cleaned:
                cleaned[name] = on_the_wall(self._bound(name), zone)
        for name, source in OF_THE_TASK.items():
            if cleaned.get(name, "") is None:
                cleaned[name] = self._policy(name, source)
        if self._is_outdated(cleaned.get("version", "")):
            self.add_error(None, EDITED_MEANWHILE)
        return cleaned

    def _is_outdated(self, version: str) -> bool:
        """Tell whether the job was edited since its form was opened; hold it if it was not."""
        stored = Job.objects.locked().filter(pk=self.instance.pk).first() if version else None
        return stored is not None and _version_of(stored) != version

    def _update_errors(self, errors: ValidationError) -> None:
        """Let the first complaint about a field stand alone."""
        found = errors.error_dict if hasattr(errors, "error_dict") else {}
        for name in found.keys() & self.errors.keys() - {NON_FIELD_ERRORS}:
            del found[name]
        if found or not hasattr(errors, "error_dict"):
            super()._update_errors(errors)  # type: ignore[misc]

    def _policy(self, name: str, source: str) -> Any:
        task = self.parameters.task
        return getattr(self.instance, name) if task is None else getattr(task, source)

    def _bound(self, name: str) -> datetime | None:
        """Return a bound as typed; one that was not touched keeps what the input cannot show."""
        untouched = not {name, "timezone"} & set(self.changed_data)
        bound: datetime | None
        bound = getattr(self.instance, name) if untouched else self.cleaned_data[name]
        return bound

    def _show_wall_clocks(self) -> None:
        zone = zone_or_utc(self.instance.timezone)
        for name in BOUNDS:
            instant = getattr(self.instance, name)
            if instant is not None:
                self.initial[name] = instant.astimezone(zone).replace(tzinfo=None)

    def _stored_task(self) -> str:
        """Return the job's task under its name of today, so that an alias is no change."""
        name = str(self.initial.get("task") or self.instance.task)
        return registry.get(name).name if name in registry else name

    def _parameters_form(self) -> ParametersForm:
        chosen = self.data.get(self.add_prefix("task")) if self.is_bound else None
        name = chosen or self._stored_task()
        stored = self.instance.params if name == self._stored_task() else {}
        return ParametersForm(
            find_task(name), stored=stored, data=self.data if self.is_bound else None
        )


def _version_of(job: Job) -> str:
    """Return a mark that changes with what the form edits, and not with a pause or a fire time."""
    fields = [job._meta.get_field(name) for name in JobForm.Meta.fields]
    values = [getattr(job, field.attname) for field in fields]  # type: ignore[union-attr]
    text = json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_task(name: str) -> Task | None:
    """Return the task called `name`, None if nobody knows it."""
    try:
        return registry.get(name)
    except UnknownTask:
        return None


def _choices(current: str) -> list[tuple[str, str]]:
    choices = [(task.name, f"{task.label} ({task.name})") for task in registry]
    if current and current not in registry:
        choices.append((current, f"{current} (unknown task)"))
    return [("", "Select a task"), *choices]
