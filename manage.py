#!/usr/bin/env python
"""Run Daybook's management commands."""

import os
import sys

from django.core.management import execute_from_command_line

from project.command_line import plain_errors

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    with plain_errors():
        execute_from_command_line(sys.argv)
