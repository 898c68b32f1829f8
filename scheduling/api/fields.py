"""JSON values that only jobs have."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scheduling.json_values import flaw_in


class Params(serializers.DictField):
    """Parameters of a task, by name; which ones, the task says."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and (flaw := flaw_in(list(data))):
            raise serializers.ValidationError(flaw)
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class Username(serializers.Field[AbstractUser, Any, str, Any]):
    """A user, by name. Only staff may name another than themselves, or none."""

    default_error_messages = {
        "invalid": "Not a valid string.",
        "staff_only": "Only staff may make another user the owner.",
        "unknown": "There is no user of this name.",
    }

    def to_representation(self, user: AbstractUser) -> str:
        return user.get_username()

    def to_internal_value(self, data: Any) -> AbstractUser:
        if not isinstance(data, str):
            self.fail("invalid")
        user: AbstractUser = self.context["request"].user
        if data == user.get_username():
            return user
        if not user.is_staff:
            self.fail("staff_only")
        try:
            if flaw_in(data):
                self.fail("unknown")
            return get_user_model()._default_manager.get_by_natural_key(data)
        except ObjectDoesNotExist:
            self.fail("unknown")

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and not self.context["request"].user.is_staff:
            self.fail("staff_only")
        return super().validate_empty_values(data)
