"""Items in MySQL 8.4 or MariaDB from 10.11 on, by SQLAlchemy Core and PyMySQL."""
