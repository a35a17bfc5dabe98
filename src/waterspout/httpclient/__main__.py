"""``python -m waterspout.httpclient URL``."""

from waterspout.httpclient.main import main

if __name__ == "__main__":
    main()
