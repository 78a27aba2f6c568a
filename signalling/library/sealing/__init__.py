"""The seal: a manifest of everything that a film is, signed with Ed25519."""
