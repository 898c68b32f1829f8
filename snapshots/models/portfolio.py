from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models


def default_currency() -> str:
    """Return the reporting currency of who has not chosen one. A callable: it is a setting."""
    return str(settings.REPORTING_CURRENCY)


class PortfolioQuerySet(models.QuerySet["Portfolio"]):
    def reporting_currency(self, owner_id: int) -> str:
        """Return the currency that this owner's accounts are added up in."""
        chosen = self.filter(owner_id=owner_id).values_list("reporting_currency", flat=True)
        return chosen.first() or default_currency()


class Portfolio(models.Model):
    """All accounts of one owner, valued together. Who has no row has the defaults."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolio"
    )
    reporting_currency = models.CharField(
        max_length=10,
        default=default_currency,
        validators=[RegexValidator(r"^[A-Z0-9]{2,10}\Z", "Use a code such as USD or EUR.")],
        help_text="What new snapshots are valued in, beside USD; older ones stay as they are.",
    )

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["owner_id"]

    def __str__(self) -> str:
        return f"Portfolio of {self.owner}"
