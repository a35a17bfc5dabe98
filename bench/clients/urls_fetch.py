"""`waterspout fetch -i`: a list of URLs, a line of results for each.

urls_fetch.py FILE TASKS RESULTS
"""

import sys

from waterspout.cli import main

_, path, tasks, results = sys.argv
sys.exit(main(["fetch", "--silent", "-i", path, "-o", results, "--concurrency", tasks]))
