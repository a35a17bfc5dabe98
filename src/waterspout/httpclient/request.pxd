cdef class HTTPRequest:
    cdef dict __dict__
    cdef object __weakref__
    cdef object _body
    cdef object _headers
    cdef readonly object source
    cdef public object allow_ipv6
    cdef public object allow_nonstandard_methods
    cdef public object auth
    cdef public object auth_mode
    cdef public object auth_password
    cdef public object auth_username
    cdef public object body_producer
    cdef public object ca_certs
    cdef public object client_cert
    cdef public object client_key
    cdef public object connect_timeout
    cdef public object cookies
    cdef public object decompress_response
    cdef public object expect_100_continue
    cdef public object follow_redirects
    cdef public object header_callback
    cdef public object max_redirects
    cdef public object method
    cdef public object minimum_tls_version
    cdef public object network_interface
    cdef public object prepare_curl_callback
    cdef public object progress_callback
    cdef public object proxy
    cdef public object proxy_auth_mode
    cdef public object proxy_host
    cdef public object proxy_password
    cdef public object proxy_port
    cdef public object proxy_ssl_options
    cdef public object proxy_username
    cdef public object read_timeout
    cdef public object request_timeout
    cdef public object restart_callback
    cdef public object retries
    cdef public object sensitive_headers
    cdef public object ssl_options
    cdef public object start_time
    cdef public object streaming_callback
    cdef public object tap
    cdef public object unix_socket
    cdef public object url
    cdef public object user_agent
    cdef public object validate_cert

    cpdef tuple manner(self)
