"""What a stack costs: a rate card over its resources, priced from the price book, with the use of a month."""

from analysis.cost.estimate import Estimate, Free, LineItem, Unpriced, estimate, to_json

__all__ = ["Estimate", "Free", "LineItem", "Unpriced", "estimate", "to_json"]
