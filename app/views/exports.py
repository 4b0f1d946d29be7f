"""Lists as files: numbers are numbers and dates are dates; foreign text never becomes a formula (T7)."""

MAX_ROWS = 1_000_000
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
