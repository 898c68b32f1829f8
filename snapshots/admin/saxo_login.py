"""Log in at Saxo, from the page of an account, and come back with a code."""

from __future__ import annotations

import secrets
import time

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from unfold.admin import ModelAdmin

from prices.venues.base import VenueError
from snapshots.models import Account
from snapshots.models.surroundings import surroundings_of
from snapshots.sources.base import SourceError
from snapshots.sources.saxo_tokens import (
    NAME,
    authorize_url,
    challenge_of,
    first_session,
    new_verifier,
)
from snapshots.upkeep.keeping import resume_keep_alive
from vault.secret import Secret

KEPT = "saxo_login"  # in the session of who logs in
LIFE = 600  # s from going to Saxo to coming back
CALLBACK = "snapshots_account_saxo_callback"


class SaxoLogin(ModelAdmin):
    """The two pages, for the admin of accounts."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/saxo/", wrap(self.go_to_saxo), name="snapshots_account_saxo"),
            path("saxo/callback/", wrap(self.come_back), name=CALLBACK),
        ]
        return [*own, *super().get_urls()]

    def go_to_saxo(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send the user to Saxo's own login, with what proves afterwards that he came from here."""
        account = self._account(request, pk)
        if hasattr(account, "credential"):
            account.credential.forgive()
        around = surroundings_of(account)
        verifier, state = new_verifier(), secrets.token_urlsafe(24)
        login = {
            "redirect_uri": callback_of(request),
            "state": state,
            "challenge": challenge_of(verifier),
        }
        try:
            address = authorize_url(around, login)
        except SourceError as exc:
            return self._back_to(request, account, error=str(exc))
        request.session[KEPT] = {
            "account": account.pk,
            "state": state,
            "verifier": verifier.reveal(),
            "at": time.time(),
        }
        return HttpResponseRedirect(address)

    def come_back(self, request: HttpRequest) -> HttpResponseBase:
        """Take the code that Saxo gives, once, and only from who went there from here."""
        kept = request.session.pop(KEPT, None) or {"account": 0, "state": "", "at": 0.0}
        state = request.GET.get("state", "")
        is_ours = bool(kept["state"]) and secrets.compare_digest(
            state.encode(), kept["state"].encode()
        )
        if not is_ours or time.time() - kept["at"] > LIFE:
            messages.error(request, "This login was not begun here, or too long ago. Begin anew.")
            return redirect("admin:snapshots_account_changelist")
        account = self._account(request, kept["account"])
        code = request.GET.get("code", "")
        if not code:
            return self._back_to(request, account, error="Saxo gave no code: nobody is logged in.")
        try:
            session = first_session(
                surroundings_of(account), code, callback_of(request), Secret(kept["verifier"])
            )
        except (VenueError, SourceError) as exc:
            return self._back_to(request, account, error=str(exc))
        account.credential.keep(session)
        resume_keep_alive()
        messages.success(
            request, "Logged in at Saxo. The job saxo_keepalive keeps it so, while it runs."
        )
        return self._back_to(request, account)

    def _account(self, request: HttpRequest, pk: int) -> Account:
        rows = Account.objects.visible_to(request.user).filter(source=NAME)
        account = get_object_or_404(rows, pk=pk)
        if not self.has_change_permission(request, account):
            return get_object_or_404(rows.none())
        return account

    def _back_to(
        self, request: HttpRequest, account: Account, *, error: str = ""
    ) -> HttpResponseBase:
        if error:
            messages.error(request, error)
        return redirect("admin:snapshots_account_change", account.pk)


def callback_of(request: HttpRequest) -> str:
    """Return the address that Saxo sends people back to: the app there must name it."""
    return request.build_absolute_uri(reverse(f"admin:{CALLBACK}"))
