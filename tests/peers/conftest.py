from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.conftest import database, django_db_setup  # noqa: F401
from tests.installation import Installation
from tests.peers.apscheduler_system import DjangoApscheduler
from tests.peers.daybook import Daybook
from tests.peers.system import System


@pytest.fixture(params=[Daybook, DjangoApscheduler], ids=lambda kind: kind.name)
def system(request: pytest.FixtureRequest, installation: Installation) -> Iterator[System]:
    system: System = request.param(installation)
    yield system
    system.end()
