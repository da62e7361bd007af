"""The platform as processes of this machine: no Docker, no Terraform. `make demo` is its front door."""
