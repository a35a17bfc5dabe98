import cython

from waterspout.httpclient.exchange cimport Exchange
from waterspout.httpclient.flow cimport Fetch, Flow
from waterspout.net.driver cimport Driver
from waterspout.net.transport cimport AsyncStream


@cython.locals(fetch=Fetch, waiting=Waiting)
cpdef fetch_soon(Flow flow, asked, bint raise_error, future=*)


cdef class Waiting:
    cdef Flow _flow
    cdef Fetch _fetch
    cdef object _loop
    cdef object _future
    cdef Exchange _exchange
    cdef bint _is_watched

    cdef _prepare(self, Flow flow, Fetch fetch, loop, future)
    @cython.locals(flow=Flow, exchange=Exchange, is_over=bint)
    cdef _send(self)
    @cython.locals(exchange=Exchange, stream=AsyncStream, is_over=bint)
    cpdef resume(self)
    @cython.locals(stream=AsyncStream)
    cdef _go_on(self, Exchange exchange, bint is_over)
    cdef _end(self, Exchange exchange)
    @cython.locals(exchange=Exchange, fetch=Fetch)
    cdef _hand_over(self, error)
    cdef _leave(self)
