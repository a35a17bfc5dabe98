import cython

from waterspout.protocol.http1.connection cimport Connection
from waterspout.protocol.http1.messages cimport ResponseHead
from waterspout.protocol.http1.parser cimport ResponseParser
from waterspout.protocol.http1.writer cimport content_length_field

cdef int CHUNKED, COMPLETE, EOF, HEAD, INTERIM, LENGTH, NO_BODY, SWITCH, UNTIL_CLOSE


cdef class ClientConnection(Connection):
    cdef ResponseParser _parser
    cdef readonly ResponseHead head
    cdef bint _is_head
    cdef bint _is_connect
    cdef bytes _fields
    cdef Py_ssize_t _interims
    cdef bint _keep_alive

    @cython.locals(line=bytes, framing=bytes, event=int)
    cpdef bytes send_request(self, method, target, bytes fields, long long length)

    @cython.locals(position=Py_ssize_t, head=ResponseHead)
    cpdef _process_head(self)
    @cython.locals(status=int)
    cdef _begin_response_body(self, ResponseHead head)
    cpdef start_next_cycle(self)
