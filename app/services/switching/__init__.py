"""Options of subscribers switched on and off by list: preview, requests, operators, undo.

`drafts` takes a list in, `judging` judges and prices its lines (`looking`: by a job, where it is long), `asking` makes
its requests, `operating` sends them and writes what is done, `undoing` takes back, `history` reads for pages, `results`
writes the list back with what came of each line.
"""

from app.services.switching.asking import ask_step, confirm, counts_of, stop_asking
from app.services.switching.drafts import (
    Choice,
    Filter,
    batch_of,
    choice_of,
    choose,
    draft_of,
    judge_again,
    open_draft,
    take_file,
    take_filter,
    take_paste,
    take_picked,
)
from app.services.switching.looking import Look
from app.services.switching.offers import Offer, offers_at, offers_of, parts_at
from app.services.switching.results import write_result
from app.services.switching.running import run_to_end
from app.services.switching.undoing import (
    Undone,
    begin_undo,
    can_undo,
    cancel_request,
    cancel_waiting,
    stop_undoing,
    undo_batch,
    undo_step,
)

__all__ = [
    "Choice",
    "Filter",
    "Look",
    "Offer",
    "Undone",
    "ask_step",
    "batch_of",
    "begin_undo",
    "can_undo",
    "cancel_request",
    "cancel_waiting",
    "choice_of",
    "choose",
    "confirm",
    "counts_of",
    "draft_of",
    "judge_again",
    "offers_at",
    "offers_of",
    "parts_at",
    "open_draft",
    "run_to_end",
    "stop_asking",
    "stop_undoing",
    "take_file",
    "take_filter",
    "take_paste",
    "take_picked",
    "undo_batch",
    "undo_step",
    "write_result",
]
