import cython

from waterspout.protocol.http1.connection cimport Connection
from waterspout.protocol.http1.messages cimport RequestHead
from waterspout.protocol.http1.parser cimport RequestParser
from waterspout.protocol.http1.writer cimport content_length_field, status_line

cdef int CHUNK_SIZE, CHUNKED, COMPLETE, END, EOF, HEAD, INTERIM, LENGTH, LENGTH_BODY, NO_BODY, SWITCH
cdef int UNTIL_CLOSE
cdef object NEED_DATA, CLOSED


cdef class ServerConnection(Connection):
    cdef RequestParser _parser
    cdef readonly RequestHead head
    cdef public bint keep_alive
    cdef bint _has_continued
    cdef long long _max_body_size

    @cython.locals(position=Py_ssize_t, head=RequestHead)
    cpdef _process_head(self)

    cpdef bytes send_continue(self)
    cpdef bytes send_interim(self, int status, bytes fields=*)
    cpdef bytes send_switch(self, bytes fields)

    @cython.locals(line=bytes, framing=bytes)
    cpdef bytes send_response(self, int status, reason, bytes fields, long long length)
    @cython.locals(line=bytes, framing=bytes, end=bytes)
    cpdef bytes respond(self, int status, reason, bytes fields, bytes body)
    @cython.locals(head=RequestHead, framing=bytes, event=int, is_http11=bint, method=str)
    cdef bytes _begin_response(self, int status, long long length)
    cdef bytes _end_of_head(self)
    cpdef start_next_cycle(self)
