"""The three loggers."""

import logging
import subprocess
import sys

from waterspout import log


def test_the_loggers_have_their_names():
    assert log.access_log is logging.getLogger("waterspout.access")
    assert log.app_log is logging.getLogger("waterspout.application")
    assert log.gen_log is logging.getLogger("waterspout.general")


def test_nothing_is_set_up_at_import():
    for logger in log.access_log, log.app_log, log.gen_log, logging.getLogger("waterspout"):
        assert logger.level == logging.NOTSET
        assert logger.propagate


def test_an_application_without_metrics_does_not_import_their_library():
    code = (
        "import sys; from waterspout.web import Application, MetricsHandler;"
        "Application([('/', MetricsHandler)]);"
        "sys.exit(any(name.startswith('prometheus') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
