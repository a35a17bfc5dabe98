import cython

from waterspout.httpclient.connection cimport Connection


cdef class Ticket:
    cdef public tuple key
    cdef public object waiter
    cdef public bint is_granted
    cdef public Connection connection
    cdef public Connection surplus


cdef class Pool:
    cdef readonly Py_ssize_t slots
    cdef readonly bint is_closed
    cdef object _make_waiter
    cdef object _lock
    cdef Py_ssize_t _used
    cdef dict _idle
    cdef Py_ssize_t _idle_count
    cdef dict _queue

    @cython.locals(connection=Connection, ticket=Ticket)
    cpdef acquire(self, tuple key)
    cpdef Connection replace(self, tuple key)
    cpdef Ticket release(self, tuple key, Connection connection)
    cpdef Ticket abandon(self, Ticket ticket)

    @cython.locals(found=list)
    cdef Connection _take_idle(self, tuple key)
    @cython.locals(found=list)
    cdef Connection _take_oldest(self)
    @cython.locals(found=list, ticket=Ticket, leftover=Ticket)
    cdef Ticket _release(self, tuple key, Connection connection)
