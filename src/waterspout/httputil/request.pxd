import cython

from waterspout.protocol.http1.messages cimport RequestHead


cdef class RequestFields:
    cdef public object connection
    cdef public object server_connection
    cdef public object method
    cdef public object uri
    cdef public object path
    cdef public object query
    cdef public object body


@cython.locals(cls=type)
cpdef from_exchange(exchange, RequestHead head, bytes body)

@cython.locals(uri=str)
cdef _fill(RequestFields request, exchange, RequestHead head, bytes body)
