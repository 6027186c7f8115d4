"""Address arithmetic of Terraform's `cidr*` functions, for IPv4 and IPv6.

https://github.com/hashicorp/terraform/blob/main/internal/lang/funcs/cidr.go
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

from analysis.terraform.values import STRING, ListValue, ValueProblem, quoted

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_SUBNETS = 4096
"""The longest result of `cidrsubnets`; a network of AWS holds 200 subnets."""


def network(prefix: str) -> Network:
    """The network of a prefix such as `10.0.0.0/16`; bits of the host are ignored, as by Terraform."""
    try:
        if "/" not in prefix:
            raise ValueError(prefix)  # noqa: TRY301 - one sentence for every malformed prefix
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        raise ValueProblem(f"{quoted(prefix)} is no prefix of addresses such as 10.0.0.0/16") from None


def placed(net: Network, new_bits: int, number: int) -> Network:
    """The `number`th network that is `new_bits` longer than `net`."""
    length = net.prefixlen + new_bits
    if new_bits < 0 or length > net.max_prefixlen:
        raise ValueProblem(f"a prefix of /{net.prefixlen} cannot be extended by {new_bits} bits of {net.max_prefixlen}")
    if not 0 <= number < 1 << new_bits:
        raise ValueProblem(f"{new_bits} bits have no room for subnet number {number}")
    address = int(net.network_address) + (number << (net.max_prefixlen - length))
    return type(net)((address, length))


def subnet(prefix: str, new_bits: int, number: int) -> str:
    """`cidrsubnet`: one subnet by its number."""
    return str(placed(network(prefix), new_bits, number))


def subnets(prefix: str, *new_bits: int) -> ListValue:
    """`cidrsubnets`: subnets of the given lengths, one after the other."""
    net = network(prefix)
    if len(new_bits) > MAX_SUBNETS:
        raise ValueProblem(f"more than {MAX_SUBNETS} subnets are not computed")
    following = int(net.network_address)
    result: list[str] = []
    for bits in new_bits:
        length = net.prefixlen + bits
        if bits < 1 or length > net.max_prefixlen:
            raise ValueProblem(f"a prefix of /{net.prefixlen} cannot be extended by {bits} bits")
        size = 1 << (net.max_prefixlen - length)
        start = -(-following // size) * size
        following = start + size
        if following > int(net.network_address) + net.num_addresses:
            raise ValueProblem(f"{prefix} has no room for a subnet of {bits} more bits after {len(result)} others")
        result.append(str(type(net)((start, length))))
    return ListValue(result, STRING)


def host(prefix: str, number: int) -> str:
    """`cidrhost`: one address by its number, from the end where that is negative."""
    net = network(prefix)
    if not -net.num_addresses <= number < net.num_addresses:
        raise ValueProblem(f"{prefix} has no room for host number {number}")
    return str(net.network_address + (number if number >= 0 else number + net.num_addresses))


def netmask(prefix: str) -> str:
    """`cidrnetmask`: the mask of an IPv4 prefix."""
    net = network(prefix)
    if net.version != 4:
        raise ValueProblem("only IPv4 has netmasks")
    return str(net.netmask)
