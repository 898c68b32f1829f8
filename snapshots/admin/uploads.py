"""Files for accounts: they are added, and never changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminFileFieldWidget

from scheduling.pages.cells import label, moment_cell, two_lines
from snapshots.admin.cells import run_link
from snapshots.intake.reading import request_reading
from snapshots.models import Account, Upload
from snapshots.models.upload import refuse_unfit
from snapshots.sources import UPLOADED

TONES = {"waiting": "wait", "read": "good", "refused": "bad"}


class UploadForm(forms.ModelForm[Upload]):
    file = forms.FileField(widget=UnfoldAdminFileFieldWidget)

    class Meta:
        model = Upload
        fields = ("account",)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        account, file = given.get("account"), given.get("file")
        if account and file:
            try:
                refuse_unfit(account, file.name, file.size)
            except ValidationError as exc:
                self.add_error("file", exc)
        return given


@admin.register(Upload)
class UploadAdmin(ModelAdmin):
    list_display = ("name", "account", "condition", "positions", "data_from", "received")
    list_filter = ("state", "account")
    list_select_related = ("account",)
    show_full_result_count = False
    form = UploadForm
    readonly_fields = (
        "name", "state", "problem", "positions", "data_from", "size", "digest", "received",
        "seen", "uploaded_by", "run",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        rows = Upload.objects.visible_to(request.user)
        return rows.defer("data").select_related("account")

    def get_fields(self, request: HttpRequest, obj: Upload | None = None) -> Any:
        return ("account", *self.readonly_fields) if obj else ("account", "file")

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "account":
            mine = Account.objects.visible_to(request.user)
            options["queryset"] = mine.filter(source__in=UPLOADED)
        return super().formfield_for_foreignkey(db_field, request, **options)

    @admin.display(description="State", ordering="state")
    def condition(self, upload: Upload) -> str:
        return two_lines(label(upload.get_state_display(), TONES[upload.state]), upload.problem,
                         upload.problem)  # fmt: skip

    @admin.display(description="Data from", ordering="as_of")
    def data_from(self, upload: Upload) -> str:
        return moment_cell(upload.as_of, upload.account.timezone, timezone.now())

    @admin.display(description="Received", ordering="received_at")
    def received(self, upload: Upload) -> str:
        return moment_cell(upload.received_at, upload.account.timezone, timezone.now())

    @admin.display(description="Came last")
    def seen(self, upload: Upload) -> str:
        return moment_cell(upload.seen_at, upload.account.timezone, timezone.now())

    @admin.display(description="SHA-256")
    def digest(self, upload: Upload) -> str:
        return format_html('<span class="db-says">{}</span>', upload.sha256)

    @admin.display(description="Run")
    def run(self, upload: Upload) -> str:
        return run_link(upload.run_id)

    def save_model(self, request: HttpRequest, obj: Upload, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        upload, is_new = Upload.objects.take(
            obj.account, name=file.name, data=file.read(), by=request.user.pk, now=timezone.now()
        )
        obj.pk = upload.pk
        obj.refresh_from_db()
        if not is_new:
            messages.warning(request, "The same file is there already: it is no fresh data.")
        if upload.state == Upload.State.WAITING:
            request_reading(request.user)
