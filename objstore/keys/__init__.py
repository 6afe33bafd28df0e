"""Keys: what seals, what it is called, and where a user's keys lie. All use of PyNaCl."""
