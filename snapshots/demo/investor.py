"""Somebody who is made up: what he has where, what he saves, and what it is worth at any time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from prices.demo.prices import price_at

# Exchange, ticker, amount; the names and prices of coins are those of the made-up Binance.
COINS = (
    ("LEDGER", "BTC", "0.80000000"),
    ("BINANCE", "BTC", "0.21500000"),
    ("KRAKEN", "ETH", "11.50000000"),
    ("BINANCE", "SOL2", "140.00000000"),
    ("BINANCE", "DOGE", "21000.00000000"),
    ("KRAKEN", "EUR", "2500.00000000"),
)
PAIRS = {
    "BTC": ("BTC/USDT", "67000"),
    "ETH": ("ETH/USDT", "1930"),
    "SOL2": ("SOL/USDT", "84.7"),
    "DOGE": ("DOGE/USDT", "0.0912"),
}
# Symbol, name, number, currency, price.
SHARES = (
    ("IWDA:xams", "iShares Core MSCI World", 260, "EUR", "106.2"),
    ("AAPL:xnas", "Apple Inc.", 60, "USD", "228.52"),
    ("MSFT:xnas", "Microsoft Corp.", 25, "USD", "431.1"),
    ("ASML:xams", "ASML Holding", 14, "EUR", "688.4"),
    ("NESN:xvtx", "Nestlé", 120, "CHF", "82.1"),
    ("NOVN:xvtx", "Novartis", 70, "CHF", "96.3"),
)
# What has no past is little, so that its beginning is no leap of the curve.
PENSION = (
    ("VWCE:xetr", "Vanguard FTSE All-World", 9, "EUR", "128.9"),
    ("AGGH:xams", "iShares Global Aggregate Bond", 200, "EUR", "4.94"),
)
CURRENCIES = {"EUR": "1.0821", "CHF": "1.1312", "KRW": "0.000689"}  # USD per unit
BEGAN_IN = 2025  # to save
SAVED_COINS, SAVED_SHARES = Decimal(1500), 2500  # each quarter of a year, in USD and in EUR
CASH = 3200  # EUR that he had before
CALM = Decimal("0.35")  # of how coins swing, shares do
STILL = Decimal("0.1")  # and currencies
CENT = Decimal("0.01")


def coin_price(ticker: str, at: datetime) -> Decimal:
    """Return USD per unit; a currency is a coin at CoinTracking."""
    if ticker in CURRENCIES:
        return rate(ticker, at)
    name, base = PAIRS[ticker]
    return price_at(name, Decimal(base), at)


def rate(currency: str, at: datetime) -> Decimal:
    """Return USD per unit, as a central bank fixed it last; on weekends it does not."""
    if currency == "USD":
        return Decimal(1)
    base = Decimal(CURRENCIES[currency])
    return (base * _calmed(currency, fixing_before(at), STILL)).quantize(base / 1000)


def fixing_before(at: datetime) -> datetime:
    day = at if at.time() >= time(15) else at - timedelta(days=1)
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, time(15), UTC)


def share_price(symbol: str, base: str, at: datetime) -> Decimal:
    """Return it in its own currency; on weekends that of Friday evening."""
    friday = datetime.combine(at - timedelta(days=at.weekday() - 4), time(21), UTC)
    return (Decimal(base) * _calmed(symbol, min(at, friday), CALM)).quantize(CENT)


def savings_until(at: datetime) -> Sequence[datetime]:
    """Return when he has paid in: on the first of each quarter of a year."""
    days = [
        datetime(year, month, 1, 9, tzinfo=UTC)
        for year in range(BEGAN_IN, at.year + 1)
        for month in (1, 4, 7, 10)
    ]
    return [day for day in days if day <= at]


def coins_at(at: datetime) -> list[tuple[str, str, str, str]]:
    """Return exchange, ticker, amount and price; what he saves buys BTC at once."""
    saved = sum((bought_at(day) for day in savings_until(at)), Decimal(0))
    return [
        (
            exchange,
            ticker,
            f"{Decimal(amount) + (saved if (exchange, ticker) == ('BINANCE', 'BTC') else 0):.8f}",
            f"{coin_price(ticker, at):.8f}",
        )
        for exchange, ticker, amount in COINS
    ]


def bought_at(day: datetime) -> Decimal:
    return (SAVED_COINS / coin_price("BTC", day)).quantize(Decimal("1e-8"))


def shares_at(
    at: datetime, shares: Sequence[tuple[str, str, int, str, str]] = SHARES
) -> list[tuple[str, str, int, float, str, float]]:
    """Return symbol, name, number, price, its currency, and the value in EUR."""
    found = []
    for symbol, name, number, currency, base in shares:
        price = share_price(symbol, base, at)
        value = number * price * rate(currency, at) / rate("EUR", at)
        found.append((symbol, name, number, float(price), currency, float(value.quantize(CENT))))
    return found


def cash_at(at: datetime) -> float:
    """Return his EUR at the broker."""
    return float(CASH + SAVED_SHARES * len(savings_until(at)))


def saved_on(day: date) -> float:
    """Return the EUR that came to the broker on a day."""
    return float(SAVED_SHARES * (day.day == 1 and day.month in (1, 4, 7, 10)))


def _calmed(name: str, at: datetime, calm: Decimal) -> Decimal:
    """Return how a price stands, 1 = as ever, where it swings less than that of a coin."""
    return 1 + calm * (price_at(name, Decimal(1), at) - 1)
