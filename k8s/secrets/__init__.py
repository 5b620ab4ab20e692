"""Random passwords for a new installation."""
