import cython

from waterspout.protocol.http1.connection cimport Connection
from waterspout.protocol.http1.messages cimport ResponseHead
from waterspout.protocol.http1.parser cimport ResponseParser

cdef int CHUNKED, COMPLETE, EOF, HEAD, INTERIM, LENGTH, NO_BODY, SWITCH, UNTIL_CLOSE


cdef class ClientConnection(Connection):
    cdef ResponseParser _parser
    cdef readonly ResponseHead head
    cdef str _method
    cdef Py_ssize_t _interims
    cdef bint _keep_alive

    @cython.locals(line=bytes, framing=bytes, event=int)
    cpdef bytes send_request(self, str method, str target, bytes fields, long long length)

    @cython.locals(position=Py_ssize_t, head=ResponseHead)
    cpdef _process_head(self)
    @cython.locals(status=int)
    cdef _begin_response_body(self, ResponseHead head)
    cpdef start_next_cycle(self)
