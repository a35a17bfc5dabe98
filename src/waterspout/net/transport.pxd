import cython

from waterspout.net.cblocks cimport borrowed, bytes_of, new_block, view_of
from waterspout.net.gates cimport Gate, Gates

cdef Py_ssize_t _MAX_UNREAD


cdef class AsyncStream(Gate):
    cdef object __weakref__
    cdef object _loop
    cdef object _socket
    cdef object _transport
    cdef object _send
    cdef bint _takes_blocks
    cdef Py_ssize_t _block_size
    cdef object _block
    cdef object _room
    cdef Py_ssize_t _filled
    cdef list _unread
    cdef Py_ssize_t _unread_size
    cdef bint _is_paused
    cdef bint _is_full
    cdef list _writers
    cdef object _end

    cpdef data_received(self, bytes data)
    cpdef take_blocks(self)
    cpdef get_buffer(self, Py_ssize_t _size)
    cpdef buffer_updated(self, Py_ssize_t size)
    cpdef read(self, double deadline)
    cpdef read_into(self, room, double deadline)
    cpdef read_now(self)
    cpdef take_unread(self)
    @cython.locals(unread=list, data=bytes)
    cdef bytes _next_piece(self)
    cdef _read_last(self)
    cpdef bint is_quiet(self, bint ask) except -1
    cpdef write(self, bytes data, double deadline)
