output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "One public subnet per zone, in the order of the zones."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "One private subnet per zone, in the order of the zones."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "endpoints_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "s3_prefix_list_id" {
  description = "Prefix list of the S3 gateway endpoint, for the rules of whoever reads from S3."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets, in the order of the zones."
  value       = [for zone in var.zones : aws_route_table_association.private[zone].route_table_id]
}

output "nat_gateway_ids" {
  description = "NAT gateway by zone; empty without one."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}
