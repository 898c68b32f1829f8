"""KIS (Korea Investment & Securities), made up: its paths, tokens, candles, files and errors."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from secrets import token_urlsafe
from typing import Any
from zlib import crc32

from prices.demo.kis_files import KOREAN, Stock, master_zip
from prices.demo.prices import MadeUpCandle, made_up_candle
from prices.demo.server import Reply, Request, VenueServer

LIMIT = 20  # calls a second for each app key
KST = timedelta(hours=9)
A_DAY = timedelta(days=1)
MOST_ROWS = 100
LIFE = timedelta(hours=24)  # of a token
SAME_TOKEN = timedelta(hours=6)  # after which another one is given
A_MINUTE = timedelta(minutes=1)  # from one token to the next
APP_KEY = "PSDemoAppKeyOfNobodyAtAll00000000000"  # 36 characters, as KIS's
APP_SECRET = "demo/secret+of/nobody" * 8 + "demo/secret="
TOKEN = "/oauth2/tokenP"  # noqa: S105
DAILY = "/uapi/domestic-stock/v1/quotations/inquire-daily-itemchartprice"
OVERSEAS_DAILY = "/uapi/overseas-price/v1/quotations/dailyprice"
TRANSACTIONS = {DAILY: "FHKST03010100", OVERSEAS_DAILY: "HHDFS76240000"}
FILES = "/common/master/"
MESSAGES = {
    "EGW00103": "유효하지 않은 AppKey입니다.",
    "EGW00105": "유효하지 않은 AppSecret입니다.",
    "EGW00121": "유효하지 않은 token 입니다.",
    "EGW00123": "기간이 만료된 token 입니다.",
    "EGW00133": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
    "EGW00201": "초당 거래건수를 초과하였습니다.",
    "EGW00552": "CBOT SUB거래소 신청 계좌가 아닙니다.",
}
KNOWN = [  # names and prices; codes with letters, of an ETN, of a fund, and in cp949 alone
    ("005930", "KOSPI", "삼성전자", "71500", "ST"),
    ("000660", "KOSPI", "SK하이닉스", "202500", "ST"),
    ("069500", "KOSPI", "KODEX 200", "36120", "EF"),
    ("0004V0", "KOSPI", "데모모터스", "4310", "ST"),
    ("Q500001", "KOSPI", "신한 데모 ETN", "10250", "EN"),
    ("F70100026", "KOSPI", "데모펀드", "1023", "MF"),
    ("000250", "KOSDAQ", "삼천당제약", "155000", "ST"),
    ("247540", "KOSDAQ", "에코프로비엠", "128800", "ST"),
    ("900110", "KOSDAQ", "똠방각하햏", "1035", "FS"),
    ("0120G0", "KONEX", "데모코넥스", "2405", "ST"),
]
ABROAD = [
    ("AAPL", "NAS", "애플", "APPLE INC", "228.52"),
    ("QQQ", "NAS", "인베스코 QQQ", "INVESCO QQQ TRUST", "503.17"),
    ("BRK/B", "NYS", "버크셔 해서웨이", "BERKSHIRE HATHAWAY INC CLASS B", "466.8"),
    ("SPY", "AMS", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", "597.19"),
    ("600519", "SHS", "귀주모태주", "KWEICHOW MOUTAI CO LTD", "1541.5"),
    ("000001", "SHI", "상해종합", "SHANGHAI COMPOSITE", "3350.2"),
    ("000858", "SZS", "의빈오량액", "WULIANGYE YIBIN CO LTD", "148.9"),
    ("399001", "SZI", "심천성분", "SHENZHEN COMPONENT", "10850.1"),
    ("7203", "TSE", "도요타자동차", "TOYOTA MOTOR CORP", "2694.5"),
    ("00700", "HKS", "텐센트", "TENCENT HOLDINGS LTD", "403.2"),
    ("ACB", "HNX", "아시아상업은행", "ASIA COMMERCIAL BANK", "25100"),
    ("VNM", "HSX", "비나밀크", "VIETNAM DAIRY PRODUCTS", "65400"),
]


def made_up_stocks(count: int) -> dict[str, Stock]:
    """Return those that everybody knows, and more on KOSPI until there are so many, by id."""
    stocks = [
        Stock(code=code, market=market, name=name, price=Decimal(price), group=group)
        for code, market, name, price, group in KNOWN
    ]
    stocks += [
        Stock(code=code, market=market, name=name, english_name=english, price=Decimal(price))
        for code, market, name, english, price in ABROAD
    ]
    for number in range(1, count - len(stocks) + 1):
        name, price = f"데모 {number}", Decimal(7 * number + 1000)
        stocks.append(Stock(code=f"1{number:04}0", market="KOSPI", name=name, price=price))
    return {stock.venue_id: stock for stock in stocks}


@dataclass(slots=True)
class Tokens:
    """The tokens of the one app key. `dead` ones are refused with their code."""

    issued: list[str] = field(default_factory=list)
    issued_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    dead: dict[str, str] = field(default_factory=dict)

    @property
    def current(self) -> str:
        return self.issued[-1] if self.issued else ""


class KisServer(VenueServer):
    """KIS's paths for tokens, daily candles and master files.

    .stocks     what is listed, by id; change it to list, delist, halt or split
    .refused    how many calls came too soon
    .tokens     what was issued; see also `end_token`

    trades_on  whether a market has a session on a day
    """

    def __init__(
        self,
        port: int = 0,
        *,
        stocks: int = 0,
        limit: int = LIMIT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trades_on: Callable[[str, date], bool] = lambda market, day: day.weekday() < 5,
    ) -> None:
        super().__init__(port)
        self.trades_on = trades_on
        self.stocks = made_up_stocks(stocks)
        self.limit = limit
        self.now = now
        self.refused = 0
        self.tokens = Tokens()
        self._counts: Counter[int] = Counter()

    @property
    def files_url(self) -> str:
        return self.url + FILES.rstrip("/")

    def reply(self, request: Request) -> Reply:
        if request.path.startswith(FILES):
            return self._file(request.path.removeprefix(FILES))
        if request.path not in (TOKEN, *TRANSACTIONS):
            return Reply(status=404, body=b"<html>404 Not Found</html>", content_type="text/html")
        with self._lock:
            second = int(time.monotonic())
            self._counts[second] += 1
            if self._counts[second] > self.limit:
                self.refused += 1
                return refusal("EGW00201")
            if request.path == TOKEN:
                return self._token(request)
        return self._refused(request) or self._rows(request)

    def issue_token(self) -> str:
        """Issue a token, as if somebody had asked for it."""
        token = f"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.demo.{token_urlsafe(24)}"
        self.tokens.issued.append(token)
        self.tokens.issued_at = self.now()
        return token

    def end_token(self, code: str = "EGW00123") -> None:
        """Refuse the current token from now on, and give another one at once."""
        self.tokens.dead[self.tokens.current] = code
        self.tokens.issued_at = datetime(1970, 1, 1, tzinfo=UTC)

    def _token(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        if asked.get("appkey") != APP_KEY:
            return refusal("EGW00103", status=403, is_token=True)
        if asked.get("appsecret") != APP_SECRET:
            return refusal("EGW00105", status=403, is_token=True)
        age = self.now() - self.tokens.issued_at
        if age < A_MINUTE:
            return refusal("EGW00133", status=403, is_token=True)
        if age > SAME_TOKEN:
            self.issue_token()
        ends_at = self.tokens.issued_at + LIFE + KST
        return as_json(
            {
                "access_token": self.tokens.current,
                "access_token_token_expired": f"{ends_at:%Y-%m-%d %H:%M:%S}",
                "token_type": "Bearer",
                "expires_in": int(LIFE.total_seconds()),
            }
        )

    def _refused(self, request: Request) -> Reply | None:
        headers = request.headers
        if (headers.get("appkey"), headers.get("appsecret")) != (APP_KEY, APP_SECRET):
            return refusal("EGW00103")
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.tokens.dead:
            return refusal(self.tokens.dead[token])
        if not token or token != self.tokens.current:
            return refusal("EGW00121")
        if headers.get("tr_id") != TRANSACTIONS[request.path]:
            return refusal("EGW00552")
        return None

    def _rows(self, request: Request) -> Reply:
        return self._korean(request) if request.path == DAILY else self._overseas(request)

    def _korean(self, request: Request) -> Reply:
        params = request.params
        stock = self.stocks.get(params.get("FID_INPUT_ISCD", ""))
        if stock is None or stock.market not in KOREAN:
            return answer({"stck_prpr": "0"}, [{}])
        first, last = (_date(params[f"FID_INPUT_DATE_{n}"]) for n in (1, 2))
        is_raw = params.get("FID_ORG_ADJ_PRC") == "1"
        rows = [
            korean_row(stock, day, self.now(), is_raw=is_raw) for day in self._days(stock, last)
        ]
        rows = [row for row in rows if row["stck_bsop_date"] >= f"{first:%Y%m%d}"]
        head = {"stck_prpr": f"{int(stock.price)}", "stck_shrn_iscd": stock.code}
        return answer(head, rows or [{}])

    def _overseas(self, request: Request) -> Reply:
        params = request.params
        market, symbol = params.get("EXCD", ""), params.get("SYMB", "")
        stock = self.stocks.get(f"{market}{symbol}")
        rows = []
        if stock:
            days = self._days(stock, _date(params["BYMD"]))
            rows = [overseas_row(stock, day, self.now()) for day in days]
        return answer({"rsym": f"D{market}{symbol}", "zdiv": "4", "nrec": f"{len(rows)}"}, rows)

    def _days(self, stock: Stock, last: date) -> list[date]:
        """Return the last days of trading until `last`, newest first, 100 at most."""
        days: list[date] = []
        day = min(last, self.now().date())
        while len(days) < MOST_ROWS and day >= stock.listed_on:
            has_begun = session_of(stock, day)[0] <= self.now()
            if has_begun and self.trades_on(stock.market, day):
                days.append(day)
            day -= A_DAY
        return days

    def _file(self, name: str) -> Reply:
        for market in {stock.market for stock in list(self.stocks.values())}:
            ends = "_code.mst.zip" if market in KOREAN else "mst.cod.zip"
            if name == market.lower() + ends:
                body = master_zip(market, list(self.stocks.values()))
                return Reply(body=body, content_type="application/zip")
        return Reply(status=404, body=b"<html>404 Not Found</html>", content_type="text/html")


def session_of(stock: Stock, day: date) -> tuple[datetime, timedelta]:
    """Return when trading begins on a day, and how long it takes."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if stock.market in ("NAS", "NYS", "AMS"):
        return midnight + timedelta(hours=14, minutes=30), timedelta(hours=6, minutes=30)
    return midnight, timedelta(hours=6, minutes=30)


def day_of(stock: Stock, day: date, now: datetime) -> MadeUpCandle:
    """Return the candle of a day as it is at `now`, raw."""
    opened_at, length = session_of(stock, day)
    return made_up_candle(stock.venue_id, stock.price, opened_at, length, now)


def korean_row(stock: Stock, day: date, now: datetime, *, is_raw: bool) -> dict[str, str]:
    """Return a row in whole won; adjusted, it is as if all splits had been in effect."""
    true = day_of(stock, day, now)
    by = parts_on(stock, day if is_raw else now.date())
    is_halted = any(first <= day < until for first, until in stock.halted)
    open_, high, low, close = (
        int(one / by) for one in (true.open, true.high, true.low, true.close)
    )
    if is_halted:
        open_ = high = low = 0 if stock.is_bare else close
    volume = 0 if is_halted else (1000 + int(true.volume)) * by
    return {
        "stck_bsop_date": f"{day:%Y%m%d}",
        "stck_clpr": f"{close}",
        "stck_oprc": f"{open_}",
        "stck_hgpr": f"{high}",
        "stck_lwpr": f"{low}",
        "acml_vol": f"{volume}",
        "acml_tr_pbmn": f"{volume * close}",
        "flng_cls_code": "06" if day in stock.splits else "00",
        "prtt_rate": "0.00",
        "mod_yn": "Y" if is_halted else "N",
        "prdy_vrss_sign": "2",
        "prdy_vrss": f"{crc32(day.isoformat().encode()) % 100}",
        "revl_issu_reas": "",
    }


def parts_on(stock: Stock, day: date) -> int:
    """Return into how many shares one was split until that day."""
    return math.prod(parts for split_on, parts in stock.splits.items() if split_on <= day)


def overseas_row(stock: Stock, day: date, now: datetime) -> dict[str, str]:
    true = day_of(stock, day, now)
    return {
        "xymd": f"{day:%Y%m%d}",
        "clos": f"{true.close:.4f}",
        "sign": "2",
        "diff": "0.1000",
        "rate": "+0.10",
        "open": f"{true.open:.4f}",
        "high": f"{true.high:.4f}",
        "low": f"{true.low:.4f}",
        "tvol": f"{1000 + int(true.volume)}",
        "tamt": f"{int(true.quote_volume)}",
    }


def answer(head: dict[str, str], rows: list[dict[str, str]]) -> Reply:
    """Return an answer in KIS's envelope."""
    said = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다.".ljust(80)}
    return as_json({**said, "output1": head, "output2": rows})


def refusal(code: str, *, status: int = 500, is_token: bool = False) -> Reply:
    """Return an error in KIS's form; where tokens are asked for it has another one."""
    message = MESSAGES.get(code, "오류")
    if is_token:
        return as_json({"error_description": message, "error_code": code}, status=status)
    body = {"rt_cd": "1", "msg_cd": code, "msg1": message.ljust(80)}
    return as_json(body, status=status)


def as_json(said: Any, *, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(said, ensure_ascii=False).encode())


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
