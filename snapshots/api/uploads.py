"""Files for accounts over REST: stored at once, read by a run."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.rest.fields import Instant
from snapshots.intake.reading import request_reading
from snapshots.models import Account, Upload
from snapshots.sources.export_file import MAX_BYTES

AROUND = 64 * 1024  # bytes of a request beside its file


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = f"A file has at most {MAX_BYTES} bytes."


class UploadSerializer(serializers.ModelSerializer[Upload]):
    received_at = Instant(help_text="When it came first.")
    seen_at = Instant(help_text="When it came last.")
    as_of = Instant(help_text="When its data is from; null until it is read.")

    class Meta:
        model = Upload
        fields = (
            "id", "name", "size", "sha256", "state", "problem", "positions", "as_of",
            "received_at", "seen_at", "run_id",
        )  # fmt: skip
        read_only_fields = fields


class TakenSerializer(serializers.Serializer[Any]):
    upload = UploadSerializer()
    is_new = serializers.BooleanField(help_text="False: the same file is there already.")
    run_id = serializers.IntegerField(allow_null=True, help_text="The run that reads it.")


class FileSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)


class UploadsView(GenericAPIView[Upload]):
    """The files of one account, for its owner and for staff."""

    queryset = Upload.objects.none()
    serializer_class = UploadSerializer
    parser_classes = (MultiPartParser,)
    filter_backends = ()

    @extend_schema(
        summary="List the uploads of an account",
        operation_id="uploads_list",
        responses=UploadSerializer(many=True),
    )
    def get(self, request: Request, number: int) -> Response:
        uploads = Upload.objects.filter(account=self._account(request, number)).defer("data")
        page = self.paginate_queryset(uploads)
        return self.get_paginated_response(UploadSerializer(page, many=True).data)

    @extend_schema(
        summary="Upload a file for an account",
        operation_id="uploads_create",
        request={"multipart/form-data": FileSerializer},
        responses={201: TakenSerializer, 200: TakenSerializer},
    )
    def post(self, request: Request, number: int) -> Response:
        account = self._account(request, number)
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + AROUND:
            raise TooLarge
        form = FileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        if file.size > MAX_BYTES:
            raise TooLarge
        try:
            upload, is_new = Upload.objects.take(
                account, name=file.name, data=file.read(), by=request.user.pk, now=timezone.now()
            )
        except ValidationError as exc:
            raise serializers.ValidationError({"file": exc.messages}) from exc
        is_waiting = upload.state == Upload.State.WAITING
        run_id = request_reading(request.user) if is_waiting else upload.run_id
        answer = {"upload": upload, "is_new": is_new, "run_id": run_id}
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(TakenSerializer(answer).data, status=code)

    def _account(self, request: Request, number: int) -> Account:
        account = Account.objects.visible_to(request.user).filter(pk=number).first()
        if account is None:
            raise NotFound
        return account
