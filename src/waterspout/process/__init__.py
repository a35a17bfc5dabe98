"""Several processes for one program: how many processors there are, forking by hand, children."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names
from waterspout.process.forking import fork_processes, task_id
from waterspout.process.processors import cpu_count

if TYPE_CHECKING:
    from waterspout.process.subprocess import CalledProcessError, Subprocess

__all__ = ["CalledProcessError", "Subprocess", "cpu_count", "fork_processes", "task_id"]

# Most programs start no others, and are spared the streams.
__getattr__, __dir__ = lazy_names(
    __name__, {"CalledProcessError": "subprocess", "Subprocess": "subprocess"}
)
