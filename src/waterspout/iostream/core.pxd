import cython

from waterspout.iostream.incoming cimport Incoming
from waterspout.iostream.outgoing cimport Outgoing
from waterspout.iostream.targets cimport Target

cdef int _MAX_CALLS_PER_TURN
cdef Py_ssize_t _BYTES_PER_TURN, _BYTES_PER_CALL


cdef class StreamCore:
    cdef object __weakref__
    cdef public object io_loop
    cdef public object _loop
    cdef public object max_buffer_size
    cdef public object read_chunk_size
    cdef public object max_write_buffer_size
    cdef public object error
    cdef readonly Incoming _incoming
    cdef readonly Outgoing _outgoing
    cdef object _writes
    cdef public bint _is_held
    cdef Py_ssize_t _turn_left
    cdef bint _is_read_late
    cdef bint _is_write_late
    cdef public object _close_callback
    cdef public bint _is_closed
    cdef public bint _has_reader
    cdef public bint _has_writer
    cdef bint _is_ahead
    cdef public bint _is_end_ahead
    cdef public object _read_error
    cdef readonly bint _loses_errors
    cdef object _search_timer

    @cython.locals(size=Py_ssize_t, sent=Py_ssize_t, outgoing=Outgoing)
    cpdef write(self, data)
    cpdef read_from_fd(self, buf)
    cpdef write_to_fd(self, data)
    cdef _read(self, Target target)
    cdef _go_on_reading(self, future)
    cpdef _read_late(self, future)
    cpdef bint _complete(self) except -1
    @cython.locals(is_late=bint)
    cpdef _on_readable(self)
    @cython.locals(is_more=bint)
    cdef _read_available(self)
    cdef bint _read_chunk(self) except -1
    cpdef _search(self)
    @cython.locals(size=Py_ssize_t, sent=Py_ssize_t, outgoing=Outgoing)
    cpdef _on_writable(self)
    @cython.locals(sent=object)
    cpdef _end_writes(self)
    cdef Py_ssize_t _send(self, data) except -2
    cdef bint _is_turn_over(self, Py_ssize_t size) except -1
    cpdef _check_closed(self)
    cpdef _fail(self, future)
    cpdef _watch_reads(self, bint is_wanted)
    cpdef _watch_writes(self, bint is_wanted)
    cpdef _signal_close(self)
