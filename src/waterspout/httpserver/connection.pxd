import cython

from waterspout.httpserver.exchange cimport Exchange, new_exchange
from waterspout.httpserver.refusing cimport RefusingChannel
from waterspout.httpserver.requestbody cimport RequestBody, new_request_body
from waterspout.protocol.http1.messages cimport RequestHead
from waterspout.protocol.http1.server cimport ServerConnection

cdef double NEVER
cdef int _MAX_EXCHANGES_PER_TURN
cdef object NEED_DATA, END_OF_MESSAGE, YIELD, CLOSED


cdef class HTTPServerConnection(RefusingChannel):
    cdef object _application
    cdef object _start_at_head
    cdef readonly bint is_ending
    cdef readonly Py_ssize_t requests
    cdef double _idle_timeout
    cdef double _request_timeout
    cdef object _drained
    cdef bint _is_advancing
    cdef bint _is_in_head
    cdef Py_ssize_t _ahead
    cdef Py_ssize_t _drained_at
    cdef Py_ssize_t _turn_left

    cpdef data_received(self, bytes data)
    cdef _receive_ahead(self, bytes data)
    @cython.locals(engine=ServerConnection, exchange=Exchange)
    cpdef on_response_complete(self, double now)
    cpdef drain(self, bint is_complete)
    @cython.locals(exchange=Exchange, sent=Py_ssize_t)
    cdef bint _is_turn_over(self) except -1
    @cython.locals(body=RequestBody)
    cpdef read_piece(self)

    @cython.locals(body=RequestBody)
    cdef bint _is_receiving(self)
    cdef _advance(self)
    @cython.locals(engine=ServerConnection, exchanges=int, exchange=Exchange)
    cdef _process_events(self)
    @cython.locals(now=double, exchange=Exchange)
    cdef _begin(self, RequestHead head)
    @cython.locals(exchange=Exchange, body=RequestBody)
    cdef bint _offer(self, double now) except -1
    @cython.locals(body=RequestBody, exchange=Exchange)
    cdef bint _take_piece(self, bytes piece) except -1
    @cython.locals(body=RequestBody, exchange=Exchange)
    cdef bint _end_body(self) except -1
    @cython.locals(exchange=Exchange)
    cdef _serve(self)
    cdef _wait_for_data(self)
