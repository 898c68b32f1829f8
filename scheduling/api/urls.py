"""The endpoints under /api/, each without a slash at its end."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from scheduling.api.converters import JobKeyConverter
from scheduling.api.views.docs import DocsView, NoEndpointView, SchemaView
from scheduling.api.views.health import SchedulerHealthView
from scheduling.api.views.jobs import JobViewSet
from scheduling.api.views.runs import (
    ArtifactViewSet,
    LogLineViewSet,
    RunsOfJobViewSet,
    RunViewSet,
)
from scheduling.api.views.statistics import StatisticsOfJobView, StatisticsView
from scheduling.api.views.tasks import TaskViewSet

register_converter(JobKeyConverter, "job_key")

jobs = JobViewSet.as_view
runs = RunViewSet.as_view

app_name = "api"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api:docs"), name="root"),
    path("docs", login_required(DocsView.as_view()), name="docs"),
    path("schema", SchemaView.as_view(), name="schema"),
    path("scheduler/health", SchedulerHealthView.as_view(), name="health"),
    path("tasks", TaskViewSet.as_view({"get": "list"}), name="tasks"),
    path("tasks/<str:name>", TaskViewSet.as_view({"get": "retrieve"}), name="task"),
    path("jobs", jobs({"get": "list", "post": "create"}), name="jobs"),
    path("jobs/trigger", jobs({"post": "trigger_many"}), name="trigger_many"),
    path("jobs/preview", jobs({"post": "preview_unsaved"}), name="preview"),
    path(
        "jobs/<job_key:key>",
        jobs({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
        name="job",
    ),
    path("jobs/<job_key:key>/pause", jobs({"post": "pause"}), name="pause"),
    path("jobs/<job_key:key>/resume", jobs({"post": "resume"}), name="resume"),
    path("jobs/<job_key:key>/trigger", jobs({"post": "trigger"}), name="trigger"),
    path("jobs/<job_key:key>/preview", jobs({"get": "preview"}), name="job_preview"),
    path("jobs/<job_key:key>/runs", RunsOfJobViewSet.as_view({"get": "list"}), name="job_runs"),
    path("jobs/<job_key:key>/statistics", StatisticsOfJobView.as_view(), name="job_statistics"),
    path("statistics", StatisticsView.as_view(), name="statistics"),
    path("runs", runs({"get": "list"}), name="runs"),
    path("runs/<int:run_id>", runs({"get": "retrieve", "delete": "destroy"}), name="run"),
    path("runs/<int:run_id>/cancel", runs({"post": "cancel"}), name="cancel"),
    path("runs/<int:run_id>/run_again", runs({"post": "run_again"}), name="run_again"),
    path("runs/<int:run_id>/retry_failed", runs({"post": "retry_failed"}), name="retry_failed"),
    path("runs/<int:run_id>/logs", LogLineViewSet.as_view({"get": "list"}), name="logs"),
    path("runs/<int:run_id>/artifacts", ArtifactViewSet.as_view({"get": "list"}), name="artifacts"),
    path(
        "runs/<int:run_id>/artifacts/<int:artifact_id>",
        ArtifactViewSet.as_view({"get": "download"}),
        name="artifact",
    ),
    re_path("", NoEndpointView.as_view()),
]
