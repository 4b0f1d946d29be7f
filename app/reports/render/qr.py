"""Payment QR codes of the countries (`domain.md` §3.5): payload builders and the matrix a renderer draws.

Every payload is bytes in the encoding its standard names, so the symbol carries no ECI mark that bank scanners refuse.
"""

import base64
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import zxingcpp

from app.core.money import CENTS, half_up, to_scaled

RU_SEPARATORS = "|#^~"
_RU_MANDATORY = 300  # bytes of the five mandatory fields, separators included
_EPC_LONGEST = 331
NBU_PREFIX = "https://bank.gov.ua/qr/"


@dataclass(frozen=True)
class Transfer:
    """Who is paid, where, how much and what for; a gross of None leaves the sum to the payer."""

    name: str
    account: str
    amount: Decimal | None
    currency: str
    purpose: str
    tax_id: str = ""
    bank_name: str = ""
    bic: str = ""
    corr_account: str = ""
    kpp: str = ""
    personal_account: str = ""
    contract: str = ""


def _cents(amount: Decimal) -> int:
    return to_scaled(half_up(amount), CENTS)


def _compact(text: str) -> str:
    return "".join(text.split())


def russian(transfer: Transfer) -> bytes:
    """ST00012 (ГОСТ Р 56042-2014) in UTF-8; the separator is one that stands in no value."""
    fields = {
        "Name": transfer.name[:160],
        "PersonalAcc": _compact(transfer.account),
        "BankName": transfer.bank_name[:45],
        "BIC": transfer.bic,
        "CorrespAcc": _compact(transfer.corr_account) or "0",
        "Sum": "" if transfer.amount is None else str(_cents(transfer.amount)),
        "Purpose": transfer.purpose[:210],
        "PayeeINN": transfer.tax_id,
        "KPP": transfer.kpp,
        "PersAcc": transfer.personal_account,
        "Contract": transfer.contract,
    }
    values = {key: " ".join(value.split()) for key, value in fields.items() if value}
    rest = sum(len(f"{key}={values[key]}|".encode()) for key in _RU_FIRST if key != "Name" and key in values)
    values["Name"] = _in_bytes(values.get("Name", ""), _RU_MANDATORY - rest - len("Name=|"))
    separator = next((s for s in RU_SEPARATORS if not any(s in value for value in values.values())), None)
    if separator is None:
        separator, values = "|", {key: value.replace("|", "/") for key, value in values.items()}
    return (f"ST00012{separator}" + separator.join(f"{key}={value}" for key, value in values.items())).encode()


_RU_FIRST = ("Name", "PersonalAcc", "BankName", "BIC", "CorrespAcc")


def _in_bytes(text: str, room: int) -> str:
    """As much of `text` as takes `room` bytes of UTF-8."""
    return text.encode()[: max(room, 0)].decode(errors="ignore")


def ukrainian(transfer: Transfer, encoding: str = "cp1251", newline: str = "\r\n") -> bytes:
    """NBU format 002 (CP1251 and CRLF unless told otherwise): a link with the base64url payload."""
    sum_text = "" if transfer.amount is None else f"{transfer.currency}{half_up(transfer.amount)}"
    name, purpose = _one_line(transfer.name, 70), _one_line(transfer.purpose, 140)
    code = "2" if encoding == "cp1251" else "1"
    lines = [
        "BCD",
        "002",
        code,
        "UCT",
        "",
        name,
        _compact(transfer.account),
        sum_text,
        transfer.tax_id,
        "",
        "",
        purpose,
        "",
    ]
    payload = newline.join(lines).encode(encoding, errors="replace")
    return NBU_PREFIX.encode() + base64.urlsafe_b64encode(payload).rstrip(b"=")


def polish(transfer: Transfer) -> bytes:
    """ZBP 2D: NIP|PL|NRB|grosze|recipient ≤ 20|title ≤ 32|||, UTF-8."""
    account = _compact(transfer.account).removeprefix("PL")
    grosze = "000000" if transfer.amount is None else f"{_cents(transfer.amount):06d}"
    fields = (transfer.tax_id, "PL", account, grosze, _one_line(transfer.name, 20), _one_line(transfer.purpose, 32))
    return "|".join([*(field.replace("|", "/") for field in fields), "", "", ""]).encode()


def epc(transfer: Transfer) -> bytes:
    """EPC069-12 version 002 for a SEPA credit transfer in EUR."""
    sum_text = "" if transfer.amount is None else f"EUR{half_up(transfer.amount)}"
    name, purpose = _one_line(transfer.name, 70), _one_line(transfer.purpose, 140)
    lines = ["BCD", "002", "1", "SCT", transfer.bic, name, _compact(transfer.account), sum_text, "", "", ""]
    start = "\n".join(lines)
    return (start + _in_bytes(purpose, _EPC_LONGEST - len(start.encode()))).encode()


def _one_line(text: str, cap: int) -> str:
    return " ".join(text.split())[:cap]


def payload_for(country: str, transfer: Transfer) -> bytes | None:
    """The payload banks of `country` read, or None where account, sum or currency do not fit its standard."""
    if not transfer.account or (transfer.amount is not None and transfer.amount <= 0):
        return None
    if country == "RU" and transfer.currency == "RUB" and transfer.bic:
        return russian(transfer)
    if country == "UA" and transfer.currency == "UAH" and _compact(transfer.account).startswith("UA"):
        return ukrainian(transfer)
    if country == "PL" and transfer.currency == "PLN":
        return polish(transfer) if len(_compact(transfer.account).removeprefix("PL")) == 26 else None
    if transfer.currency == "EUR" and _compact(transfer.account)[:2].isalpha():
        return epc(transfer)
    return None


@dataclass(frozen=True)
class Matrix:
    """A square symbol: `rows` of packed bits, most significant first, 1 = dark."""

    size: int
    rows: bytes


@lru_cache(maxsize=4)  # a document is measured before it is drawn
def matrix(payload: bytes, level: str = "M") -> Matrix:
    """The QR symbol of `payload` without its quiet zone."""
    symbol = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    image = symbol.to_image(scale=1, add_quiet_zones=False)
    size = image.shape[0]
    cells = memoryview(image).tobytes()  # type: ignore[arg-type]
    stride = (size + 7) // 8
    padding = "0" * (stride * 8 - size)
    bits = cells.translate(_DARK).decode("ascii")
    rows = (bits[start : start + size] + padding for start in range(0, size * size, size))
    return Matrix(size, b"".join(int(row, 2).to_bytes(stride, "big") for row in rows))


_DARK = bytes(ord("1") if value < 128 else ord("0") for value in range(256))
