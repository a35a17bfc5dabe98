cdef class HandlerState:
    cdef public object application
    cdef public object request
    cdef public int _status_code
    cdef public object _own_reason
    cdef public object _own_headers
    cdef public object _response_etag
    cdef public list _write_buffer
    cdef public dict _new_cookies
    cdef public list _transforms
    cdef public bint _headers_written
    cdef public bint _finished
    cdef public bint _auto_finish

    cpdef _take_request(self, application, request)
    cpdef _begin_response(self)
