"""How MySQL and MariaDB is spoken to: its sessions, TLS, logins, and what its failures say."""
