"""Files that are whole or absent; they live in `planner.files`, below everything that writes."""

from planner.files import make_folder, write_bytes, write_text

__all__ = ["make_folder", "write_bytes", "write_text"]
