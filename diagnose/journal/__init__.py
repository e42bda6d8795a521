"""The run directory: what a hook records, appended line by line, so that a killed process loses at most one line.

A directory holds one journal (``journal-0001.jsonl``) for each process that trained into it; no two processes ever
write to the same one.
"""

from diagnose.journal.reading import Segment, read_directory, recorded
from diagnose.journal.writing import Journal

__all__ = ["Journal", "Segment", "read_directory", "recorded"]
