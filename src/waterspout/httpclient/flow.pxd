import cython

from waterspout.httpclient.connecting cimport Connector
from waterspout.httpclient.connection cimport Connection
from waterspout.httpclient.exchange cimport Exchange, new_exchange
from waterspout.httpclient.firsthops cimport FirstHops
from waterspout.httpclient.hop cimport Hop
from waterspout.httpclient.pool cimport Pool, Ticket
from waterspout.httpclient.response cimport HTTPResponse, received
from waterspout.net.clock cimport Clock


cdef class Fetch:
    cdef public Hop hop
    cdef readonly double deadline
    cdef readonly bint is_plain
    cdef readonly double begun
    cdef readonly double hop_begun
    cdef double _queued
    cdef public Py_ssize_t redirects
    cdef readonly list history
    cdef public object rounds
    cdef public Exchange exchange
    cdef readonly object asked
    cdef readonly bint raise_error
    cdef public object failure
    cdef HTTPResponse _response

    cdef _prepare(self, asked, bint raise_error, Hop hop, double begun)
    cpdef HTTPResponse response(self, Exchange exchange)
    @cython.locals(response=HTTPResponse)
    cpdef HTTPResponse outcome(self, Exchange exchange)
    cpdef HTTPResponse pass_over(self, Exchange exchange)
    cpdef go_on_after(self, Exchange exchange, double now)


@cython.locals(fetch=Fetch)
cpdef Fetch new_fetch(asked, bint raise_error, Hop hop, double begun)


cdef class Flow:
    cdef readonly object net
    cdef readonly object settings
    cdef readonly Pool pool
    cdef Connector _connector
    cdef Clock _clock
    cdef FirstHops _first
    cdef object _course
    cdef public double _cleaned_up
    cdef public bint _is_watched
    cdef object __weakref__

    @cython.locals(fetch=Fetch, exchange=Exchange, is_over=bint)
    cpdef HTTPResponse fetch_now(self, asked, bint raise_error)
    @cython.locals(hop=Hop)
    cpdef Fetch begin(self, asked, bint raise_error)
    @cython.locals(exchange=Exchange)
    cpdef Exchange next_exchange(self, Fetch fetch)
    @cython.locals(connection=Connection, is_over=bint)
    cpdef bint send_now(self, Exchange exchange, double now) except -1
    @cython.locals(connection=Connection)
    cdef bint _is_stale(self, Exchange exchange) except -1
    @cython.locals(connection=Connection)
    cdef Connection _usable(self, Exchange exchange, double now)
    cdef Connection _open_now(self, Exchange exchange)
    cpdef _clean_up(self)
    @cython.locals(connection=Connection, following=Ticket)
    cpdef keep(self, Exchange exchange)
