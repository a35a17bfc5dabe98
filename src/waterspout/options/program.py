"""The options of the program, which all its modules share; those of logging are among them."""

from waterspout.log.setup import define_logging_options
from waterspout.options.parser import OptionParser

__all__ = [
    "add_parse_callback",
    "define",
    "options",
    "parse_command_line",
    "parse_config_file",
    "print_help",
]

#: What the functions below define and parse. When that has been done, logging is set up.
options = OptionParser()

define = options.define
parse_command_line = options.parse_command_line
parse_config_file = options.parse_config_file
print_help = options.print_help
add_parse_callback = options.add_parse_callback

define_logging_options(options)
