"""The platform in containers: what `make up` does before and after Terraform."""
