"""Renaming of subscribers, one by one and by list (A1-12…15).

A list is opened and judged (`open_list`, `read_list`), looked at (`page_of_lines`), ordered (`order`), applied pack by
pack (`apply_step`) and given back (`write_list_result`); `undo` is a list too. `names_at` says what stood on a day.
"""

from app.services.renaming.gate import Gate, gate_of
from app.services.renaming.history import (
    ListLine,
    lists_of,
    names_at,
    names_changed,
    page_of_lines,
)
from app.services.renaming.lists import (
    KIND,
    Progress,
    apply_step,
    begin_due,
    cancel,
    fate_of,
    forget_drafts,
    good_lines,
    list_of,
    order,
    progress_of,
    read_list,
    read_rows,
    rename_one,
    stop,
    take_suggestions,
    undo,
    undo_of,
    waits_until,
    why_not_undone,
)
from app.services.renaming.opening import MOST_LINES, Columns, Opened, open_list, store_text
from app.services.renaming.results import reopen, result_name, write_list_result

__all__ = [
    "KIND",
    "MOST_LINES",
    "Columns",
    "Gate",
    "ListLine",
    "Opened",
    "Progress",
    "apply_step",
    "begin_due",
    "cancel",
    "forget_drafts",
    "gate_of",
    "good_lines",
    "list_of",
    "lists_of",
    "names_at",
    "names_changed",
    "open_list",
    "order",
    "page_of_lines",
    "progress_of",
    "read_list",
    "read_rows",
    "rename_one",
    "reopen",
    "result_name",
    "stop",
    "store_text",
    "take_suggestions",
    "undo",
    "fate_of",
    "undo_of",
    "waits_until",
    "why_not_undone",
    "write_list_result",
]
