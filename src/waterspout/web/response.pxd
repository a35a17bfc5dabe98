import cython

from waterspout.httpserver.exchange cimport Exchange
from waterspout.httputil.request cimport RequestFields
from waterspout.protocol.headers cimport check_field_value
from waterspout.protocol.http1.messages cimport RequestHead
from waterspout.web.etag cimport compute_etag
from waterspout.web.state cimport HandlerState

cdef _Defaults _defaults


cdef class _Defaults:
    cdef double good_until
    cdef object headers
    cdef bytes fields
    cdef dict tagged

    cdef renew(self, double now)
    cdef bytes with_tag(self, tag)


cpdef default_headers()
cpdef str header_text(value)
@cython.locals(text=str)
cpdef write(HandlerState handler, chunk)
@cython.locals(request=RequestFields, exchange=Exchange)
cpdef finish(HandlerState handler, chunk)
cdef _end(HandlerState handler)
cdef _finish_body(HandlerState handler, Exchange exchange)
@cython.locals(
    status=int, chunks=list, body=bytes, fields=bytes, method=str, tagged=bytes, now=double
)
cdef _send_whole(HandlerState handler, Exchange exchange)
cdef _send_own(HandlerState handler, Exchange exchange, bytes body)
cdef _wrong_length(bytes body, length)
@cython.locals(length=object)
cdef _send_transformed(HandlerState handler, Exchange exchange, bytes body)
cdef _headers_with_tag(HandlerState handler)
cdef bint _has_no_body(int status) except -1
cdef _check_body(HandlerState handler, bytes body)
cdef _drop_body(HandlerState handler, int status)
cpdef flush(HandlerState handler)
cpdef set_etag(HandlerState handler)
cpdef body_tag(HandlerState handler)
@cython.locals(request=RequestFields, exchange=Exchange)
cpdef bint is_not_modified(HandlerState handler) except -1
