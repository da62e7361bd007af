"""The platform on Kubernetes, with Airflow's official Helm chart: docs/growing.md.

What is Kubernetes' own stands in deploy/kubernetes/. This package fills it in from where the platform's facts stand,
and writes the chart's values and the manifests. It talks to no cluster.
"""
