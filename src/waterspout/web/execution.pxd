import cython

from waterspout.web.state cimport HandlerState

cdef dict _METHOD_NAMES

cpdef execute(application, exchange)
@cython.locals(handler=HandlerState, method=str)
cpdef _begin(application, exchange)
cdef _call_method(handler, str method, args, kwargs)
cdef _decode(handler, value)
