import cython

from waterspout.httpserver.channel cimport Channel
from waterspout.httpserver.exchange cimport Exchange
from waterspout.httpserver.requestbody cimport RequestBody
from waterspout.protocol.http1.server cimport ServerConnection

cdef double NEVER


cdef class RefusingChannel(Channel):
    cdef object _server
    cdef object _observer
    cdef ServerConnection _engine
    cdef readonly Exchange exchange
    cdef RequestBody _body

    @cython.locals(body=RequestBody)
    cdef _drop_body(self, error)
