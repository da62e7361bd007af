"""Back up what the platform holds, and restore it: the warehouse, Airflow's metadata, the lake.

The source is not part of it: it belongs to somebody else, and the platform only reads it. A backup is a folder that
only its owner can read. Each way to run the platform says where its databases and its lake are, in a
:class:`~cli.backup.steps.Stores`; the steps are the same for both.
"""
