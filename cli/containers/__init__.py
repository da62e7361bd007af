"""The stack in containers: what `make up` does around Terraform."""
