import cython

from waterspout.httpserver.answering cimport begin_answering
from waterspout.httpserver.exchange cimport Exchange
from waterspout.httputil.request cimport RequestFields, from_exchange
from waterspout.routing.table cimport Route, RouteTable
from waterspout.web.state cimport HandlerState

cdef dict _METHOD_NAMES
cdef object _INIT

cpdef execute(application, Exchange exchange)
cpdef execute_at_head(application, Exchange exchange)
@cython.locals(request=RequestFields, table=RouteTable, route=Route)
cpdef _find_receiver(application, Exchange exchange, context)
@cython.locals(
    request=RequestFields, table=RouteTable, found=Route, route=Route, handler=HandlerState
)
cpdef _begin(application, Exchange exchange, context)
cpdef make_handler(application, request, Route route)
@cython.locals(handler=HandlerState)
cdef _new_handler(type cls, application, request)
@cython.locals(request=RequestFields, method=str)
cpdef prepare(HandlerState handler, Route route)
cpdef go_on(HandlerState handler, Route route, Exchange exchange)
cdef _refuse_forgery(HandlerState handler, str method)
cpdef watch(handler, Exchange exchange)
cdef _check_awaitable(handler, str method, value)
cdef _finish(HandlerState handler)
@cython.locals(request=RequestFields, method=str, has_arguments=bint)
cdef _call_method(HandlerState handler, Route route)
cdef _decode(handler, value)
