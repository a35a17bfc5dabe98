import cython

from waterspout.httpclient.exchange cimport Exchange
from waterspout.net.csystem cimport time
from waterspout.protocol.http1.messages cimport ResponseHead


cdef class HTTPResponse:
    cdef dict __dict__
    cdef object __weakref__
    cdef object _request
    cdef public object code
    cdef public object reason
    cdef ResponseHead _head
    cdef object _headers
    cdef object _body
    cdef object _buffer
    cdef public object effective_url
    cdef public object request_time
    cdef public object start_time
    cdef Exchange _exchange
    cdef double _begun
    cdef double _hop_begun
    cdef double _queued
    cdef object _time_info
    cdef object _trailers
    cdef object _informational
    cdef public object _history
    cdef public object error


@cython.locals(response=HTTPResponse, head=ResponseHead, code=int)
cpdef HTTPResponse received(
    request, Exchange exchange, double begun, double hop_begun, double queued
)
