"""Logins by OpenID Connect: the login service, logins under way, and who comes of them."""
