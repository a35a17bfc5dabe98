from waterspout.gen.yielded cimport current_loop, succeeded
