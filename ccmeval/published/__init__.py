"""Published tables as data with their source, a user's rows beside them, and an audit of what they print."""
