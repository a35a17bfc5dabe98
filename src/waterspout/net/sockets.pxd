cdef object _Socket, _inet_pton, _new_tuple, _INET, _INET6, _STREAM, _TCP, _NODELAY, _DOES_NOT_BLOCK

cpdef new_socket(address)
cpdef new_loop_socket(address)
cpdef literal_address(host, port)
