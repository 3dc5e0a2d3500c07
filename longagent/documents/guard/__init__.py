"""Files are read in processes that may crash, hang or run out of memory: that costs the file, and nothing else."""

from longagent.documents.guard.pool import Pool
from longagent.documents.guard.process import CHARACTERS, SECONDS

__all__ = ["CHARACTERS", "SECONDS", "Pool"]
