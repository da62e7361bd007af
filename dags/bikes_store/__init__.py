"""What the tasks of the Bikes Store DAGs do: source and currency API to lake, lake to staging.

Nothing here imports Airflow but :mod:`bikes_store.tasks`, which turns Airflow's connections, variables
and context into plain arguments; every other module runs in a plain Python process.
"""
