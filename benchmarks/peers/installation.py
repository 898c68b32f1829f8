"""The virtual environment of the peers."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain
from pathlib import Path

PEERS = {
    "pgqueuer": ["pgqueuer==1.6.0", "asyncpg==0.32.0"],
    "procrastinate": ["procrastinate==3.10.0", "psycopg[binary]==3.3.9"],
}
HOME = Path(__file__).parents[2] / ".venv-peers"


def python_of_peers() -> str:
    """Return the Python that has them all, installed when it is first asked for."""
    python, mark = HOME / "bin" / "python", HOME / "installed"
    wanted = "\n".join(sorted(chain(*PEERS.values())))
    if not mark.exists() or mark.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)  # noqa: S603
        install = [str(python), "-m", "pip", "install", "--quiet", *wanted.split("\n")]
        subprocess.run(install, check=True)  # noqa: S603
        mark.write_text(wanted)
    return str(python)
