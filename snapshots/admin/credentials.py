"""The credential of an account: it can be set, and never be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminPasswordWidget

from snapshots.models import Account, Credential
from snapshots.sources import SOURCES
from snapshots.sources.calling import can_be_sent
from snapshots.sources.saxo_tokens import NAME as SAXO

LONGEST = 4000  # characters of a key: certificates are long


class CredentialForm(forms.ModelForm[Credential]):
    """A subclass has a field for each thing that the source wants to know."""

    wanted: Mapping[str, str] = {}

    class Meta:
        model = Credential
        fields = ()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        missing = [name for name in self.wanted if not given.get(name)]
        if len(missing) < len(self.wanted):
            for name in missing:
                self.add_error(name, "All are set together: this one, too.")
        for name in self.wanted:
            if not can_be_sent(given.get(name) or ""):
                self.add_error(name, "It has a blank or a special character in it, as no key has.")
        return given

    def has_changed(self) -> bool:
        return any(self.data.get(self.add_prefix(name)) for name in self.wanted)

    def save(self, commit: bool = True) -> Credential:
        values = {name: self.cleaned_data[name] for name in self.wanted}
        key = values[next(iter(self.wanted))]
        self.instance.put(values, key=key, now=datetime.now(UTC))
        return self.instance


class CredentialFormSet(BaseInlineFormSet[Credential, Account, CredentialForm]):
    def save_new(self, form: CredentialForm, commit: bool = True) -> Credential:
        form.instance.account = self.instance
        return form.save()


class CredentialInline(StackedInline):
    model = Credential
    formset = CredentialFormSet
    readonly_fields = ("state",)
    extra = max_num = 1
    can_delete = True
    hide_title = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        wanted = wanted_by(obj)
        inputs: dict[str, Any] = {
            name: forms.CharField(
                label=label,
                required=False,
                max_length=LONGEST,
                strip=True,
                widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
                help_text="Left empty, it stays as it is.",
            )
            for name, label in wanted.items()
        }
        options["form"] = type("OwnForm", (CredentialForm,), {"wanted": wanted, **inputs})
        return super().get_formset(request, obj, fields=[*wanted], **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["state", *wanted_by(obj)]

    def state(self, credential: Credential) -> str:
        """Return what may be told of it: set, last four, last used, expires."""
        if credential.pk is None or credential.values is None:
            return "Not set."
        told = [f"Set {_minute(credential.set_at)}"]
        if credential.last_four:
            told.append(f"key ends in {credential.last_four}")
        told.append(f"last used {_minute(credential.last_used_at) or 'never'}")
        if credential.expires_at:
            told.append(f"expires {_minute(credential.expires_at)}")
        if credential.refusal:
            told.append(f"refused: {credential.refusal}")
        if credential.account.source != SAXO:
            return " · ".join(told)
        if credential.tokens is None:
            told.append("nobody is logged in")
        url = reverse("admin:snapshots_account_saxo", args=[credential.account_id])
        link = format_html('<a class="db-link" href="{}">Log in at Saxo</a>', url)
        return format_html("{} · {}", " · ".join(told), link)


def wanted_by(account: Account | None) -> Mapping[str, str]:
    """Return what the account's source wants to know of who asks."""
    source = SOURCES.get(account.source) if account else None
    return source.credential if source else {}


def _minute(instant: datetime | None) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}Z" if instant else ""
