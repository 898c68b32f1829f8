"""The alerts name metrics that there are. promtool is not at hand: this is what can be held."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from prometheus_client.parser import text_string_to_metric_families

from scheduling.metrics import metrics_text
from tests.factories import NOW, make_job, make_run, make_worker

ALERTS = settings.BASE_DIR / "deploy" / "prometheus" / "alerts.yml"


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture
def metrics(db: None) -> dict[str, set[str]]:
    """Return the names of the labels of each sample of an installation that works."""
    job = make_job()
    make_run(job, status="succeeded", started_at=NOW, finished_at=NOW)
    make_worker(last_tick_at=NOW)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics_text(now=NOW).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_names_metrics_and_labels_that_there_are(rule, metrics) -> None:
    named = re.findall(r"\b(daybook_\w+)(?:\{(\w+)=)?", rule["expr"])

    assert named or rule["expr"].startswith("up{")
    for name, label in named:
        assert name in metrics
        assert label == "" or label in metrics[name]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_says_how_bad_it_is_and_what_is_wrong(rule) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["summary"]
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_the_handbook_says_what_to_do_about_each() -> None:
    handbook = (settings.BASE_DIR / "docs" / "operations.md").read_text()

    for rule in rules():
        assert f"`{rule['alert']}`" in handbook


def test_statuses_and_states_in_the_alerts_are_ours(metrics) -> None:
    text = ALERTS.read_text()
    statuses = {
        word for named in re.findall(r'status=~?"([^"]+)"', text) for word in named.split("|")
    }
    shown = metrics_text(now=NOW).decode()

    for status in statuses:
        assert f'status="{status}"' in shown
    for state in re.findall(r'state="(\w+)"', text):
        assert f'state="{state}"' in shown
