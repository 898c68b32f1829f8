"""How people come in and go out, and where they land."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import RedirectView
from unfold.forms import AuthenticationForm as StaffForm


class LoginForm(StaffForm):
    """unfold's form, without its question whether somebody is staff."""

    error_messages = AuthenticationForm.error_messages

    def confirm_login_allowed(self, user: User) -> None:
        AuthenticationForm.confirm_login_allowed(self, user)


class Login(LoginView):
    """The login of everybody, in the look of the admin's, which takes staff only."""

    form_class = LoginForm
    template_name = "admin/login.html"
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of Django 6
        url = super().get_redirect_url()
        return "" if url.startswith(self.request.path) else url  # it would lead here for ever

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        look = admin.site.each_context(self.request)
        here = {"title": "Log in", "app_path": self.request.get_full_path()}
        return super().get_context_data(**{**look, **here, **kwargs})


class Logout(LogoutView):
    """Ends a session by POST only: a link on any page could call it else."""

    next_page = "login"

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return redirect("home")


class Home(RedirectView):
    """Leads to where a person works: staff to the admin, others to the API's documentation."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        if not self.request.user.is_authenticated:
            return reverse("login")
        return reverse("admin:index" if admin.site.has_permission(self.request) else "api:docs")
