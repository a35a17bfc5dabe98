import cython

from waterspout.web.state cimport HandlerState

cdef object _is_enabled, INFO
cdef dict _KNOWN

@cython.locals(status=int)
cpdef log_request(HandlerState handler)
