"""The real Terraform as judge: fmt, init, validate, test and plan on any directory, without AWS."""

from analysis.validation.offline import offline_plan

__all__ = ["offline_plan"]
