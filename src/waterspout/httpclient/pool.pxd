import cython

from waterspout.httpclient.connection cimport Connection
from waterspout.httpclient.hop cimport Key

cdef bint _IS_UNINTERRUPTED


cdef class Ticket:
    cdef public Key key
    cdef public bint has_slot
    cdef public Connection connection
    cdef public Connection surplus
    cdef public object waiter
    cdef public bint is_waiting
    cdef public object place
    cdef public bint is_counted

    cdef _begin(self, Key key)


cdef class Pool:
    cdef readonly Py_ssize_t slots
    cdef readonly Py_ssize_t slots_per_origin
    cdef readonly bint is_closed
    cdef object _make_waiter
    cdef object _lock
    cdef bint _is_open
    cdef Py_ssize_t _used
    cdef dict _idle
    cdef Py_ssize_t _idle_count
    cdef Py_ssize_t _releases
    cdef list _oldest
    cdef list _queue
    cdef Py_ssize_t _left
    cdef Py_ssize_t _arrivals
    cdef dict _counts
    cdef dict _doors

    @cython.locals(found=list)
    cpdef acquire(self, Ticket ticket)
    cpdef replace(self, Ticket ticket)
    @cython.locals(found=list, connection=Connection, following=Ticket)
    cpdef Ticket release(self, Ticket ticket, bint is_reusable)
    cdef _acquire(self, Ticket ticket)
    @cython.locals(connection=Connection, following=Ticket, found=list)
    cdef Ticket _release(self, Ticket ticket, bint is_reusable)

    @cython.locals(found=list)
    cdef _keep(self, Ticket ticket, Connection connection)
    @cython.locals(found=list)
    cdef _take_idle(self, Ticket ticket)
    @cython.locals(found=list, released=Py_ssize_t)
    cdef _take_oldest(self, Ticket ticket)
    @cython.locals(found=list, oldest=list, connection=Connection)
    cdef _look_for_oldest(self)
    @cython.locals(ticket=Ticket)
    cdef Ticket _next(self, Ticket giver)
    cdef _hand_over(self, Ticket ticket, Connection connection, Ticket following)
    cdef _leave(self, Ticket ticket)
    cdef bint _count(self, Ticket ticket) except -1
    cdef _wait_at_door(self, Ticket ticket)
    @cython.locals(first=Ticket)
    cdef _count_off(self, Ticket ticket)


cdef Connection _first(list connections)
