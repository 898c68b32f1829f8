"""Daybook with made-up venues and accounts on this machine, and data of its own.

Nobody is called outside: each venue and source that is built in has an address here. Nothing that
`make run` keeps is touched, whatever .env says. Start it with `python -m project.demo`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from prices.demo.binance import BinanceServer
from prices.demo.kis import APP_KEY, APP_SECRET, KisServer
from prices.demo.kraken import KrakenServer
from prices.demo.upbit import UpbitServer
from project import start
from project.command_line import plain_errors
from snapshots.demo.lively import LivelyCoinTracking, LivelySaxo
from snapshots.demo.upbit import UpbitAccountServer

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "demo"  # noqa: S105 - of admin; the pages listen on this machine only
MARKETS = 60  # of Upbit's: their candles of a year are here within a minute
IN_KOREA = {"KRW": ("350000.0", "0.0"), "BTC": ("0.004", "0.0"), "ETH": ("0.06", "0.04")}
PAGE = 100  # positions in an answer of Saxo's
# Triggered at the first start, so that nobody waits for the night.
FIRST_RUNS = (
    "collect_symbols",
    "update_exchange_symbols",
    "collect_crypto_data",
    "ohlcv_hourly",
    "ohlcv_daily",
)


class UpbitInFull(UpbitAccountServer, UpbitServer):
    """Upbit's markets and an account there, at one address as they are."""


class Venues(ExitStack):
    """The made-up venues and sources, until the end of `with`; `.settings` says where they are."""

    def __init__(self) -> None:
        super().__init__()
        upbit = self.enter_context(UpbitInFull(markets=MARKETS))
        kis = self.enter_context(KisServer())
        binance = self.enter_context(BinanceServer())
        kraken = self.enter_context(KrakenServer())
        saxo = self.enter_context(LivelySaxo())
        cointracking = self.enter_context(LivelyCoinTracking(per_hour=60))
        upbit.held, saxo.page = IN_KOREA, PAGE
        self.settings = {
            "UPBIT_URL": upbit.url,
            "KIS_URL": kis.url,
            "KIS_MASTER_URL": kis.files_url,
            "KIS_APP_KEY": APP_KEY,
            "KIS_APP_SECRET": APP_SECRET,
            "CCXT_EXCHANGES": "binance,kraken",
            "CCXT_BINANCE_URL": binance.url,
            "CCXT_KRAKEN_URL": kraken.url,
            "SAXO_URL": f"{saxo.url}/openapi",
            "SAXO_LOGIN_URL": saxo.login_url,
            "COINTRACKING_URL": cointracking.url,
            "TRACKED_MARKETS": "upbit:KRW,kis:KOSPI,kis:KOSDAQ,binance:spot,kraken:spot",
        }


def settings_of_its_own(data_dir: Path) -> dict[str, str]:
    """Return what keeps the demo apart from an installation; blank = the default."""
    return {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "",
        "SECRET_KEY": "",
        "FIELD_ENCRYPTION_KEYS": "",
        "HOST": "127.0.0.1",
        "HTTPS": "0",
        "ADMIN_PASSWORD": PASSWORD,
    }


def main() -> int:
    data_dir = Path(os.environ.get("DEMO_DATA_DIR", "") or ROOT / "var" / "demo")
    with Venues() as venues:
        os.environ.update(settings_of_its_own(data_dir) | venues.settings)
        setup = [sys.executable, "manage.py", "setup_demo", "--first-runs", *FIRST_RUNS]
        code = subprocess.run(setup, cwd=ROOT).returncode  # noqa: S603
        if code:
            return code
        sys.stdout.write(
            f"Venues and accounts are made up, the data is in {data_dir}. "
            f"Log in as admin, {PASSWORD}.\n"
        )
        return start.main("make demo")


if __name__ == "__main__":
    with plain_errors():
        try:
            sys.exit(main())
        except KeyboardInterrupt:  # while it is set up
            sys.exit(130)
