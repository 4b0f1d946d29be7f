"""Files of customers, subscribers, prices, usage and payments: shown first, then applied step by step.

A batch is a file by its digest with its mapping and options. Applying it twice, or the same file as another batch,
changes nothing: lines are known by the customer's code, the account's and subscriber's numbers, the record's id or the
money's key. `docs/importing.md` says what each kind of line becomes.
"""

from app.services.importing.batches import (
    STEP,
    Preview,
    Progress,
    apply_batch,
    look_at_file,
    mappings,
    preview_file,
    progress,
    save_mapping,
    saved_mapping,
    step_of,
)
from app.services.importing.opening import store_upload, stored_upload
from app.services.importing.rejects import rejects_file

__all__ = [
    "STEP",
    "Preview",
    "Progress",
    "apply_batch",
    "mappings",
    "look_at_file",
    "preview_file",
    "progress",
    "rejects_file",
    "save_mapping",
    "saved_mapping",
    "step_of",
    "store_upload",
    "stored_upload",
]
