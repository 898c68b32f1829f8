from __future__ import annotations

import time
from unittest.mock import patch

from django.db import OperationalError

from scheduling.engine.sweeper import Sweeper
from scheduling.engine.worker import WorkerLoop
from scheduling.options import Options


def test_a_database_that_is_away_at_the_start_is_not_asked_without_a_pause() -> None:
    worker = WorkerLoop(worker_id=1, lanes={}, on_outcome=print)
    sweeper = Sweeper(
        worker, worker_id=1, may_bury=lambda: False, records=set, options=Options(sweep=0.2)
    )

    with patch.object(
        worker, "stop_what_is_cancelled", side_effect=OperationalError("away")
    ) as look:
        sweeper.start()
        time.sleep(0.5)  # the time in which it must not do much
        sweeper.stop()

    assert 2 <= look.call_count <= 4
    assert "away" in sweeper.trouble
