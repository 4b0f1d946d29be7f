"""What a file may cost before it is refused (`reliability.md` T8)."""

from dataclasses import asdict, dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Caps on an uploaded file; a Seller's settings may pass others."""

    file_bytes: int = 50 * MIB
    entries: int = 200
    unpacked_bytes: int = 50 * MIB
    ratio: int = 100
    rows: int = 200_000
    columns: int = 200
    cells: int = 4_000_000
    cell_characters: int = 32_767
    memory_bytes: int = 192 * MIB
    cpu_seconds: int = 10
    wall_seconds: float = 30.0
    result_bytes: int = 400 * MIB

    def to_dict(self) -> dict[str, float]:
        """As plain numbers, for the child process."""
        return asdict(self)
