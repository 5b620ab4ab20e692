"""Who may use the admin page, who is logged in, and what they have changed."""
