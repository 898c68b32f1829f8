"""What people fill in: a job, its trigger, the parameters of its task."""

from scheduling.forms.job import JobForm
from scheduling.forms.parameters import ParametersForm
from scheduling.forms.pause import PauseForm
from scheduling.forms.trigger import TriggerForm

__all__ = ["JobForm", "ParametersForm", "PauseForm", "TriggerForm"]
