"""Lists in pages."""

from __future__ import annotations

import re
from typing import Any

from django.core.paginator import Paginator
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """`?page=2&page_size=100`. A size out of bounds is an error, not silently another size."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    template = None

    def get_page_number(self, request: Request, paginator: Paginator[Any]) -> int | str:
        if request.query_params.get("page") == "":
            raise ValidationError({"page": ["Use a number from 1 on, or leave it out."]})
        return super().get_page_number(request, paginator)

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size")
        if asked is None:
            return self.page_size
        if not re.fullmatch(r"[0-9]{1,9}", asked) or not 1 <= int(asked) <= self.max_page_size:
            raise ValidationError({"page_size": [f"Use a number from 1 to {self.max_page_size}."]})
        return int(asked)
