"""The parent, where the system gives it nothing; what it does with workers is in ``test_serve``."""

import pytest

from waterspout.cli.serve.fleet import Exit, Fleet, Rules, Tell
from waterspout.cli.serve.notification import Notification
from waterspout.cli.serve.parent import Parent


@pytest.mark.parametrize("name", ["Line", "subprocess.Popen"])
def test_a_worker_that_cannot_be_started_is_told(name, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(f"waterspout.cli.serve.parent.{name}", refuse)
    fleet = Fleet(Rules())
    parent = Parent(fleet, {}, [], "serving nothing", Notification())
    for action in fleet.decide(0.0):
        parent._do(action)
    told = fleet.decide(0.0)
    assert Exit(1) in told
    lines = [action.text for action in told if isinstance(action, Tell)]
    assert lines == ["worker 0 cannot be started: [Errno 24] Too many open files"]
