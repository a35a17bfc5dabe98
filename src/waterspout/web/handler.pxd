from waterspout.web cimport response
