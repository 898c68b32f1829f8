"""What is stored: jobs, runs with their logs and artifacts, workers, tallies."""

from scheduling.models.change import Change
from scheduling.models.job import Job
from scheduling.models.log import Artifact, LogLine
from scheduling.models.run import Run
from scheduling.models.tally import DayTally, Tally, TallyMark
from scheduling.models.worker import Worker

__all__ = [
    "Artifact",
    "Change",
    "DayTally",
    "Job",
    "LogLine",
    "Run",
    "Tally",
    "TallyMark",
    "Worker",
]
