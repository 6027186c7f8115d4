"""From Terraform text to what a live-sports back end costs, holds and proves.

Data flows one way through the layers that `tests/test_layers.py` enforces; nothing in this package knows a system by name.
"""
