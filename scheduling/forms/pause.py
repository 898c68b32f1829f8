from __future__ import annotations

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget


class PauseForm(forms.Form):
    """Why one or several jobs are paused."""

    reason = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextInputWidget({"autofocus": True, "autocomplete": "off"}),
        help_text="Shown beside the job until it is resumed, and on the runs that were skipped.",
    )
