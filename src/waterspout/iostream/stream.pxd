import cython

from waterspout.iostream.base cimport BaseIOStream


cdef object _SOL_SOCKET, _SO_ERROR


cdef class IOStream(BaseIOStream):
    cdef dict __dict__
    cdef public object socket
    cdef public object _connecting
    cdef public bint _is_connected

    @cython.locals(size=Py_ssize_t)
    cpdef read_from_fd(self, buf)
    cpdef write_to_fd(self, data)
    cpdef _on_writable(self)
    cpdef _on_connected(self)
    cpdef _signal_close(self)
