"""Several processes for one program: how many processors there are, forking by hand, children."""

from typing import TYPE_CHECKING

from waterspout._lazy import lazy_names

if TYPE_CHECKING:
    from waterspout.process.forking import fork_processes, task_id
    from waterspout.process.processors import cpu_count
    from waterspout.process.subprocess import CalledProcessError, Subprocess

__all__ = ["CalledProcessError", "Subprocess", "cpu_count", "fork_processes", "task_id"]

# Most programs start no others.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "CalledProcessError": "subprocess",
        "Subprocess": "subprocess",
        "cpu_count": "processors",
        "fork_processes": "forking",
        "task_id": "forking",
    },
)
