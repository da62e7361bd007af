"""What `make` calls. Here is what both ways to stand the platform up share; each way has a package of its own.

``cli.processes`` runs the platform as processes of this machine (`make demo`), ``cli.containers`` in containers with
Terraform (`make up`). Both import from here, and neither imports the other.
"""
