from waterspout.web.accesslog cimport log_request
from waterspout.web.execution cimport execute, execute_at_head
