"""What commands find, as plain numbers that draw nothing."""
