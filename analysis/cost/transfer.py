"""What data costs when it leaves a zone, a region or AWS: rows that any resource with traffic may carry."""

from __future__ import annotations

from analysis.cost.setting import Charge, if_used
from analysis.units import Quantity

# Infracost gives these keys to a pseudo resource, aws_data_transfer, for a whole stack; here a resource may carry them too.
TRANSFER = (
    if_used("transfer out to the internet", "transfer.internet_out.gb", "monthly_outbound_internet_gb", "GB"),
    Charge(
        "transfer between zones, both directions",
        "transfer.inter_az.gb",
        # AWS charges a gigabyte that crosses zones once where it leaves and once where it arrives.
        lambda s: Quantity(2 * s.use["monthly_intra_region_gb"], "GB"),
        ("monthly_intra_region_gb",),
        lambda s: s.used("monthly_intra_region_gb") is not None,
    ),
    if_used("transfer to other regions", "transfer.inter_region.gb", "monthly_outbound_other_regions_gb", "GB"),
    if_used(
        "transfer between us-east-1 and us-east-2",
        "transfer.inter_region.us_east_2.gb",
        "monthly_outbound_us_east_to_us_east_gb",
        "GB",
    ),
)
