"""What the tasks of the Bikes Store DAGs do: they bring data from the source and the currency API through the lake to
the staging area, and they read what dbt's tests found.

Only :mod:`bikes_store.airflow_glue` imports Airflow. All other modules run in a plain Python process.
"""
