import cython

from waterspout.protocol.http1.cpieces cimport cut, new_piece, put

cdef bytes _READING, _WRITING
cdef int _INPUTS, ILLEGAL
cdef int CHUNK, CHUNK_DATA, CHUNK_END, CHUNK_SIZE, CHUNKED, CLOSE_BODY, CLOSED, COMPLETE, CRLF, END, EOF
cdef int _MAX_CHUNK_DIGITS
cdef int EXHAUSTED, FAILED, FAULT, HEAD, LAST_CHUNK, LENGTH, LENGTH_BODY, NEXT, SWITCHED
cdef object NEED_DATA, END_OF_MESSAGE, PAUSED


cdef class Connection:
    cdef readonly object limits
    cdef readonly int reading
    cdef readonly int writing
    cdef public long long max_body_size
    cdef readonly object trailers
    cdef bytes _data
    cdef Py_ssize_t _position
    cdef list _tail
    cdef Py_ssize_t _tail_size
    cdef Py_ssize_t _retry_at
    cdef bint _is_stalled
    cdef bint _has_eof
    cdef long long _body_size
    cdef Py_ssize_t _chunks
    cdef Py_ssize_t _max_chunks
    cdef Py_ssize_t _max_chunk_line
    cdef long long _body_left
    cdef long long _write_left
    cdef list _trailer_lines
    cdef Py_ssize_t _trailer_line

    @cython.locals(size=Py_ssize_t)
    cpdef receive_data(self, bytes data)
    cpdef receive_eof(self)
    @cython.locals(state=int)
    cpdef next_event(self)
    cpdef bint has_unread_data(self) except -1
    cpdef bytes take_unread_data(self)
    cpdef long long body_to_come(self) except -1
    cpdef count_read(self, long long size)

    @cython.locals(state=int)
    cpdef bytes send_data(self, bytes data)
    @cython.locals(state=int, last=bytes)
    cpdef bytes send_end(self, trailers=*)
    cpdef send_eof(self)

    @cython.locals(following=int, table="const unsigned char *")
    cdef _read_step(self, int event)
    @cython.locals(following=int, table="const unsigned char *")
    cdef _write_step(self, int event)
    cdef _start_next_cycle(self)

    cdef _join(self)
    cdef _line_incomplete(self)

    cpdef _process_head(self)
    cdef _begin_body(self, int framing, long long length)
    cdef _process_length_body(self)
    @cython.locals(size=Py_ssize_t)
    cdef _process_close_body(self)
    @cython.locals(data=bytes, start=Py_ssize_t, size=Py_ssize_t)
    cdef bytes _take_body(self, long long most)
    cdef _need_data(self, str where)
    cdef _count_body(self, long long size)

    @cython.locals(
        data=bytes, state=int, piece=bytes, filled=Py_ssize_t, left=Py_ssize_t, most=Py_ssize_t
    )
    cdef _process_chunks(self)
    @cython.locals(
        data=bytes,
        p="const unsigned char *",
        start=Py_ssize_t,
        limit=Py_ssize_t,
        size="long long",
        i=Py_ssize_t,
        c=int,
        digit=int,
        digits=Py_ssize_t,
    )
    cdef bint _process_chunk_size(self) except -1
    @cython.locals(data=bytes, start=Py_ssize_t, end=Py_ssize_t)
    cdef bint _process_long_chunk_size(self, Py_ssize_t digits_end, Py_ssize_t limit) except -1
    @cython.locals(p="const unsigned char *", start=Py_ssize_t, left=Py_ssize_t)
    cdef bint _process_chunk_end(self) except -1
    @cython.locals(start=Py_ssize_t, lines=list, end=Py_ssize_t)
    cdef _process_trailers(self)
