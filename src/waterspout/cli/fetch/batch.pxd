import cython

from waterspout.cli.fetch.results cimport Results, line_of
from waterspout.cli.fetch.schedule cimport Schedule
from waterspout.httpclient.flow cimport Flow
from waterspout.httpclient.waiting cimport fetch_soon
from waterspout.net.clock cimport Clock
from waterspout.net.gates cimport Gate


cdef class Reply(Gate):
    cdef Batch _batch
    cdef bint _is_done
    cdef object _response
    cdef object _failure
    cdef object _listener

    cpdef begin(self, Batch batch)
    cpdef response(self)
    cpdef leave(self)


cdef class Batch:
    cdef object _plan
    cdef object _urls
    cdef Results _results
    cdef bint _fails
    cdef object _directory
    cdef bint _is_hashed
    cdef bint _is_counted
    cdef bint _is_shown
    cdef Py_ssize_t _concurrency
    cdef Schedule _schedule
    cdef Flow _flow
    cdef object _net
    cdef Clock _clock
    cdef list _idle
    cdef list _settled
    cdef bint _is_reading
    cdef bint _is_read
    cdef int _status
    cdef object _failure
    cdef Py_ssize_t _begun_count
    cdef double _begun
    cdef readonly Py_ssize_t done
    cdef readonly Py_ssize_t failed
    cdef readonly Py_ssize_t skipped
    cdef readonly Py_ssize_t size

    cdef _add(self, str url, double seconds, body, response, failure)
    cdef settle(self, Reply reply)
    @cython.locals(reply=Reply)
    cpdef _open_settled(self)
    cdef _wake(self)
    cdef _wake_one(self)
    cdef _note(self, int status)
