import cython

from waterspout.httpclient.hop cimport Key
from waterspout.net.blocking cimport BlockingStream
from waterspout.protocol.http1.client cimport ClientConnection


cdef class Connection:
    cdef readonly Key key
    cdef readonly object stream
    cdef BlockingStream _blocking
    cdef readonly ClientConnection engine
    cdef public Py_ssize_t uses
    cdef public double idle_since
    cdef public Py_ssize_t released
    cdef readonly double idle_timeout

    @cython.locals(idle=double)
    cpdef bint is_usable(self, double now, bint is_repeatable) except -1
    cpdef read(self, double deadline)
    cpdef write(self, bytes data, double deadline)
    cpdef close(self)
