"""The part that knows Airflow. It turns Airflow's connections, variables and context into plain arguments.

DAG files import these modules while Airflow parses them. Hooks, and the modules that do the work, are slow to import.
So they are imported inside the functions that run in a task.
"""
