"""A person's picture: checked, cropped to a square, drawn anew without whatever else the file carried (AST-025)."""

import io
from functools import partial
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.files import keep_by_digest
from app.models import User
from app.services import people, trail

FORMATS = ("PNG", "JPEG", "WEBP")
LARGEST = 2 * 1024 * 1024
PIXELS = 40_000_000
SIDE = 256


def change(session: Session, actor: Actor, content: bytes, folder: Path) -> User:
    """Keep a picture as the person's; the file is named by its digest."""
    user = people.person_of(session, actor)
    user.avatar = keep_by_digest(square(content), partial(path_of, folder))
    session.flush()
    trail.record(session, actor, "user.avatar", "ab_user", user.id, company_id=user.company_id)
    return user


def remove(session: Session, actor: Actor) -> User:
    """Initials again."""
    user = people.person_of(session, actor)
    user.avatar = None
    session.flush()
    trail.record(session, actor, "user.avatar", "ab_user", user.id, company_id=user.company_id)
    return user


def path_of(folder: Path, digest: str) -> Path:
    """Where a picture of this digest is kept."""
    return folder / digest[:2] / f"{digest}.png"


def square(content: bytes) -> bytes:
    """The middle of a picture as a PNG of 256 × 256; Refused for what is none."""
    if len(content) > LARGEST:
        raise Refused(N_("The picture is larger than 2 MB. Choose a smaller one."))
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as found:
            if found.width * found.height > PIXELS:
                raise Refused(N_("The picture has too many points. Choose a smaller one."))
            upright = ImageOps.exif_transpose(found).convert("RGBA")
        fitted = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
        ground = Image.new("RGB", fitted.size, "white")
        ground.paste(fitted, mask=fitted.getchannel("A"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(N_("This is not a picture in PNG, JPEG or WebP. Choose another file.")) from error
    out = io.BytesIO()
    ground.save(out, "PNG", optimize=True)
    return out.getvalue()
