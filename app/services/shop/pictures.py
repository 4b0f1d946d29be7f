"""Pictures of products: what was uploaded is opened, made small, written anew, and kept under its digest.

Nothing of the uploaded file is served: whatever hides behind a picture's first bytes or in its notes stays out.
"""

import io
import warnings
from functools import partial
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from app.core.errors import N_, NotFound, Refused
from app.core.files import keep_by_digest

KINDS = ("PNG", "JPEG", "WEBP")
LIMIT = 2  # megabytes
SIDE = 800  # pixels of the longer side, as kept
PIXELS = 25_000_000  # of the uploaded one: more is a bomb, not a photograph


def keep(data_dir: Path, upload: BinaryIO) -> str:
    """Keep a picture; its digest. Refused, saying why, where it is none or too large."""
    raw = upload.read(LIMIT * 1024 * 1024 + 1)
    if len(raw) > LIMIT * 1024 * 1024:
        raise Refused(N_("The picture is larger than %(limit)s MB. Make it smaller."), limit=LIMIT)
    return keep_by_digest(_written_anew(raw), partial(_path, data_dir))


def find(data_dir: Path, digest: str) -> Path:
    """Where a picture is kept; NotFound where there is none."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotFound()
    path = _path(data_dir, digest)
    if not path.is_file():
        raise NotFound()
    return path


def _path(data_dir: Path, digest: str) -> Path:
    return data_dir / "pictures" / digest[:2] / f"{digest}.webp"


def _written_anew(raw: bytes) -> bytes:
    refused = Refused(N_("This is not a picture. Upload a PNG, JPEG or WebP file."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(raw), formats=KINDS)
            if picture.width * picture.height > PIXELS:
                raise refused
            picture.thumbnail((SIDE, SIDE))
            out = io.BytesIO()
            picture.convert("RGBA").save(out, "WEBP", quality=85)
    except Refused:
        raise
    except Exception as error:  # whatever a broken file makes the decoder say
        raise refused from error
    return out.getvalue()
