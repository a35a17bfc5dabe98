"""Options that any module of a program may define: from the command line and from config files.

from waterspout.options import define, options, parse_command_line

define("port", default=8888, help="port to listen on")
parse_command_line()
app.listen(options.port)
"""

from waterspout.options.errors import Error, InvalidValueError
from waterspout.options.parser import OptionParser
from waterspout.options.program import (
    add_parse_callback,
    define,
    options,
    parse_command_line,
    parse_config_file,
    print_help,
)

__all__ = [
    "Error",
    "InvalidValueError",
    "OptionParser",
    "add_parse_callback",
    "define",
    "options",
    "parse_command_line",
    "parse_config_file",
    "print_help",
]
