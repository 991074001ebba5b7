"""How PostgreSQL is spoken to: its sessions, TLS, logins, and what its failures say."""
