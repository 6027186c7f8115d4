"""What the functions of the data engine share."""
