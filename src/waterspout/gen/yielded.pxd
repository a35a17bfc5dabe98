cpdef object current_loop()
cpdef object succeeded(loop, value)
cpdef object failed(loop, error)
