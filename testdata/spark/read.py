# read.py FOLDER SCHEMA: reads a folder of JSON part files by its log, as Spark does, and prints its rows.
import sys

from session import session, show

folder, schema = sys.argv[1:]
show(session().read.schema(schema).json(folder))
