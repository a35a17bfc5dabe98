"""Several processes for one program: how many processors there are, and forking by hand."""

from waterspout.process.forking import fork_processes, task_id
from waterspout.process.processors import cpu_count

__all__ = ["cpu_count", "fork_processes", "task_id"]
