"""The platform as processes on this machine: no Docker, no Terraform. `make demo` is its front door."""
