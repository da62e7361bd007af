"""`make doctor`: what this machine has and lacks, for which command, and the command that mends it.

It runs before anything is installed: nothing but Python's own library, from 3.8 on, is imported here. What it asks for
stands elsewhere in this repository: facts.py reads it there.
"""
