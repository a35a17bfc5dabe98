from waterspout.web cimport etag, response
