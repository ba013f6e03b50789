"""The command line from the outside: clips built here go in, and what comes out is decoded and measured."""
