"""The commands behind `make`. What both ways to run the platform share is here; each way has a package of its own.

``cli.processes`` runs the platform as processes of this machine (`make demo`), ``cli.containers`` in containers with
Terraform (`make up`). Both import from here, and neither imports the other.
"""
