"""Grafana's dashboards as HTML files, for a stack without Grafana: the same panels, the same queries.

A page is whole in one file and loads nothing from elsewhere. It is written once and does not renew itself.
"""
