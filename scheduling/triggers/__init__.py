"""When jobs fire. docs/time.md is the contract."""

from scheduling.triggers.base import Trigger
from scheduling.triggers.build import build_trigger, validate
from scheduling.triggers.cron import CronTrigger
from scheduling.triggers.date import DateTrigger
from scheduling.triggers.due import DueTimes
from scheduling.triggers.interval import IntervalTrigger
from scheduling.triggers.preview import PreviewedTime, preview
from scheduling.triggers.spec import TriggerSpec
from scheduling.triggers.words import describe

__all__ = [
    "CronTrigger",
    "DateTrigger",
    "DueTimes",
    "IntervalTrigger",
    "PreviewedTime",
    "Trigger",
    "TriggerSpec",
    "build_trigger",
    "describe",
    "preview",
    "validate",
]
