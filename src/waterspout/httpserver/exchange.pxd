import cython

from waterspout.httpserver.channel cimport Channel
from waterspout.protocol.http1.messages cimport RequestHead
from waterspout.protocol.http1.server cimport ServerConnection

cdef double _NEVER


cdef class Exchange:
    cdef object _connection
    cdef readonly object loop
    cdef ServerConnection _engine
    cdef object _write
    cdef readonly RequestHead head
    cdef readonly double start_time
    cdef public double finish_time
    cdef public bytes body
    cdef public bint is_lost
    cdef public bint is_late
    cdef public bint is_held
    cdef public object close_callback
    cdef public object drain_callback
    cdef public object receiver
    cdef public object memo
    cdef public object handler_class
    cdef public object access_log
    cdef public int status
    cdef public long long body_bytes_received
    cdef public long long bytes_sent
    cdef long long _body_bytes
    cdef readonly bint is_refused
    cdef object _request_id
    cdef public double deadline
    cdef readonly bint has_own_timeout
    cdef public bint cancel_on_disconnect
    cdef public list tasks
    cdef public object cancel_reason
    cdef public bint was_told
    cdef public object end_timer
    cdef public object decoding

    cdef _begin(
        self, connection, loop, ServerConnection engine, write, RequestHead head, double start_time
    )
    @cython.locals(message=bytes)
    cpdef respond(self, int status, reason, bytes fields, bytes body)
    @cython.locals(head=bytes)
    cpdef start_response(self, int status, reason, bytes fields, long long length)
    @cython.locals(framed=bytes)
    cpdef send_data(self, bytes data)
    @cython.locals(last=bytes)
    cpdef end_response(self)
    @cython.locals(connection=Channel)
    cpdef drain(self)
    cdef bint _can_send(self) except -1
    cdef _check_held(self)
    @cython.locals(connection=Channel)
    cdef _complete(self)
    cpdef on_lost(self)
    cpdef on_eof(self)


@cython.locals(exchange=Exchange)
cpdef Exchange new_exchange(
    Channel connection, ServerConnection engine, write, RequestHead head, double start_time
)
