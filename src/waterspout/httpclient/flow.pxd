import cython

from waterspout.httpclient.connection cimport Connection
from waterspout.httpclient.exchange cimport Exchange
from waterspout.httpclient.hop cimport Hop
from waterspout.httpclient.pool cimport Pool, Ticket
from waterspout.httpclient.response cimport received


cdef class Flow:
    cdef readonly object net
    cdef readonly object settings
    cdef readonly Pool pool
    cdef object _connector
    cdef object _time
    cdef dict _plain
    cdef object _course
    cdef public double _cleaned_up
    cdef public bint _is_watched
    cdef object __weakref__

    @cython.locals(connection=Connection)
    cdef Connection _usable(self, Exchange exchange, double now)
    @cython.locals(following=Ticket)
    cdef _keep(self, Connection connection, Exchange exchange, Pool pool)
