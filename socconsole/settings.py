"""Reads the TOML settings into the policy dataclasses of `core.policy`."""
