"""Items in MongoDB, by PyMongo."""
