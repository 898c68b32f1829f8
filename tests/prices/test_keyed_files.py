from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from prices.models import CorporateAction, Rate
from tests.prices.factories import make_instrument

pytestmark = pytest.mark.django_db
HEADER = "base_currency,quote_currency,at,rate,source"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def manage(command: str, file: Path, *lines: str) -> str:
    file.write_text("\n".join(lines), encoding="utf-8-sig")
    output = io.StringIO()
    call_command(command, str(file), stdout=output)
    return output.getvalue()


def test_rates_are_stored_once(file: Path) -> None:
    lines = (HEADER, "usd, KRW,2026-03-02,1463.5,ECB", "EUR,KRW,2026-03-02T15:30+09:00,1580,ECB")

    said = manage("import_rates", file, *lines)

    assert said == "2 new, 0 changed, 0 unchanged.\n"
    assert manage("import_rates", file, *lines) == "0 new, 0 changed, 2 unchanged.\n"
    rate = Rate.objects.get(base_currency="USD")
    assert (rate.kind, rate.rate, rate.at.hour) == ("official", Decimal("1463.5"), 0)
    assert Rate.objects.get(base_currency="EUR").at == datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def test_corporate_actions_are_stored_with_their_instrument(file: Path) -> None:
    samsung = make_instrument(venue="kis", venue_id="005930", symbol="005930")

    said = manage(
        "import_corporate_actions", file,
        "instrument,kind,effective_at,price_factor,volume_factor,source",
        "kis:005930,split,2018-05-04,0.02,50,KRX",
        "005930,dividend,2026-03-02,0.99,,KRX",
    )  # fmt: skip

    assert said == "2 new, 0 changed, 0 unchanged.\n"
    dividend, split = CorporateAction.objects.order_by("-effective_at")
    assert (split.instrument, split.price_factor) == (samsung, Decimal("0.02"))
    assert (split.volume_factor, dividend.volume_factor) == (50, 1)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a,b"], "its header lacks at, base_currency, quote_currency, rate, source."),
        ([f"{HEADER},note"], "unknown columns: note. Known: at, base_currency, kind,"),
        ([HEADER, "USD,KRW"], "line 2 has not as many fields as the header."),
        ([HEADER, "USD,KRW,2026-03-02,,ECB"], "line 2, column 'rate' is empty."),
        ([HEADER, 'USD,KRW,2026-03-02,"1,463",ECB'], "column 'rate': '1,463' is no number above 0"),
        ([HEADER, "USD,KRW,2026-03-02,nan,ECB"], "'nan' is no number above 0"),
        ([HEADER, "USD,KRW,2026-03-02 15:30,1463,ECB"], "no instant with its offset"),
        ([HEADER, "USD,KRW,02.03.2026,1463,ECB"], "'02.03.2026' is no date, as 2026-03-02"),
        ([HEADER, "USD,USD,2026-03-02,1,ECB"], "a rate has two currencies, and both are USD."),
        ([f"{HEADER},kind", "USD,KRW,2026-03-02,1,ECB,guessed"], "none of official, implied."),
    ],
)
def test_what_cannot_be_meant_is_refused(file: Path, lines: list[str], said: str) -> None:
    with pytest.raises(CommandError) as refusal:
        manage("import_rates", file, *lines)

    assert said in str(refusal.value)
    assert not Rate.objects.exists()


def test_an_instrument_that_may_be_two_is_refused(file: Path) -> None:
    for venue in ("upbit", "binance"):
        make_instrument(venue=venue, venue_id=f"BTC-{venue}", symbol="BTC/KRW")

    with pytest.raises(CommandError, match="may be binance:BTC-binance and upbit:BTC-upbit"):
        manage(
            "import_corporate_actions", file, "instrument,kind,effective_at,price_factor,source",
            "BTC/KRW,split,2026-03-02,0.5,me",
        )  # fmt: skip
