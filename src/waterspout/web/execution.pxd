import cython

from waterspout.httpserver.exchange cimport Exchange
from waterspout.httputil.request cimport RequestFields, from_exchange
from waterspout.routing cimport PathRouter, Route
from waterspout.web.state cimport HandlerState

cdef dict _METHOD_NAMES

cpdef execute(application, exchange)
@cython.locals(
    request=RequestFields, router=PathRouter, route=Route, handler=HandlerState, method=str
)
cpdef _begin(application, exchange)
cdef _refuse_forgery(handler, str method)
cdef _watch(handler, Exchange exchange)
cdef _check_awaitable(handler, str method, value)
cdef _call_method(handler, str method, args, kwargs)
cdef _decode(handler, value)
