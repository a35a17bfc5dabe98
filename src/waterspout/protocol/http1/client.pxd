import cython

from waterspout.protocol.http1.connection cimport Connection
from waterspout.protocol.http1.messages cimport ResponseHead
from waterspout.protocol.http1.parser cimport ResponseParser
from waterspout.protocol.http1.writer cimport check_target, content_length_field, is_target

cdef int CHUNKED, COMPLETE, EOF, HEAD, INTERIM, LENGTH, NO_BODY, SWITCH, UNTIL_CLOSE
cdef EncodedRequest _NO_REQUEST
cdef bytes _VERSION


cdef class EncodedRequest:
    cdef readonly bytes data
    cdef readonly long long length
    cdef readonly int event
    cdef readonly bint is_head
    cdef readonly bint is_connect
    cdef readonly bint asks_to_close
    cdef readonly bint asks_to_upgrade
    cdef bytes _method
    cdef Py_ssize_t _line_size
    cdef bytes _tail

    cpdef EncodedRequest with_target(self, str target, long long length)
    @cython.locals(tail=bytes, rest=Py_ssize_t)
    cpdef EncodedRequest with_host(self, str target, str host, long long length)
    @cython.locals(line_end=Py_ssize_t, end=Py_ssize_t, framing=bytes)
    cpdef EncodedRequest with_fields(self, bytes lines)
    @cython.locals(other=EncodedRequest, end=Py_ssize_t)
    cdef EncodedRequest _with_head(self, str target, bytes tail, long long length)


cdef bytes _framing_of(method, long long length)


cdef class ClientConnection(Connection):
    cdef ResponseParser _parser
    cdef readonly ResponseHead head
    cdef EncodedRequest _request
    cdef Py_ssize_t _interims
    cdef bint _keep_alive

    cpdef bytes send_request(self, EncodedRequest request)

    @cython.locals(position=Py_ssize_t, head=ResponseHead)
    cpdef _process_head(self)
    @cython.locals(status=int)
    cdef _begin_response_body(self, ResponseHead head)
    cpdef bint can_be_reused(self) except -1
    cpdef start_next_cycle(self)
