"""What SaxoTraderGO's exports call their columns and months, in some of its languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

# In English, French, German, Dutch, Italian, Spanish, Portuguese, Danish. The currency that
# stands behind the name of a value, "(EUR)", is no part of it.
COLUMNS: Mapping[str, frozenset[str]] = {
    "instrument": frozenset(
        ("instrument", "instruments", "instrumente", "instrumenten", "strumenti", "strumento",
         "instrumentos", "instrumenter")
    ),
    "quantity": frozenset(
        ("quantity", "amount", "quantité", "menge", "anzahl", "aantal", "hoeveelheid", "quantità",
         "cantidad", "quantidade", "antal")
    ),
    "value": frozenset(
        ("market value", "current value", "valeur actuelle", "valeur de marché", "marktwert",
         "aktueller wert", "marktwaarde", "huidige waarde", "valore di mercato", "valore attuale",
         "valor de mercado", "valor actual", "valor atual", "markedsværdi", "aktuel værdi")
    ),
    "price": frozenset(
        ("current price", "prix actuel", "aktueller kurs", "aktueller preis", "huidige prijs",
         "huidige koers", "prezzo corrente", "prezzo attuale", "precio actual", "preço atual",
         "aktuel kurs", "aktuel pris")
    ),
    "direction": frozenset(
        ("l/s", "long/short", "direction", "sens", "richtung", "richting", "direzione",
         "dirección", "direção", "retning")
    ),
    "symbol": frozenset(("symbol", "symbole", "symbool", "simbolo", "símbolo")),
    "account": frozenset(("account", "compte", "konto", "rekening", "conto", "cuenta", "conta")),
    "currency": frozenset(
        ("currency", "devise", "währung", "valuta", "divisa", "moneda", "moeda")
    ),
    "position": frozenset(
        ("position id", "position no.", "n° de position", "positions-id", "positionsnr.",
         "positie-id", "id posizione", "id de posición", "id da posição")
    ),
}  # fmt: skip
REQUIRED = ("instrument", "quantity", "value")
SHORT = frozenset(("short", "court", "vendeur", "kurz", "corto", "curto", "kort"))
MONTHS: Sequence[tuple[str, ...]] = (
    ("jan", "gen", "ene"), ("feb", "fev"), ("mar", "mrz", "mrt", "maa"), ("apr", "avr", "abr"),
    ("mai", "may", "mag", "mei", "maj"), ("jun", "juin", "giu"), ("jul", "juil", "lug"),
    ("aug", "aou", "ago"), ("sep", "set"), ("oct", "okt", "ott", "out"), ("nov",),
    ("dec", "dez", "dic", "des"),
)  # fmt: skip
WITH_CURRENCY = re.compile(r"(.*\S)\s*\(([A-Z]{3})\)")
STAMP = re.compile(r"(\d{1,2})-([^\W\d_]+)\.?-(20\d{2})_(\d{2})_(\d{2})_(\d{2})")


def plain(name: str) -> str:
    """Return a name as it is compared: small letters, one blank, no colon at the end."""
    return " ".join(name.replace("\u2019", "'").casefold().split()).rstrip(" :")


def named_currency(name: str) -> tuple[str, str]:
    """Return the name of a column and the currency behind it; empty = there is none."""
    found = WITH_CURRENCY.fullmatch(" ".join(name.split()))
    return (found[1], found[2]) if found else (name, "")


def written_at(file_name: str) -> datetime | None:
    """Return the local time in a name such as Positions_10-sept.-2025_15_59_41.csv, if any."""
    found = STAMP.search(unicodedata.normalize("NFC", file_name))
    month = _month(found[2]) if found else None
    if found is None or month is None:
        return None
    try:
        return datetime(  # noqa: DTZ001 (the zone is the account's)
            int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), int(found[6])
        )
    except ValueError:
        return None


def _month(word: str) -> int | None:
    letters = unicodedata.normalize("NFD", word.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    for number, beginnings in enumerate(MONTHS, start=1):
        if bare.startswith(beginnings):
            return number
    return None
