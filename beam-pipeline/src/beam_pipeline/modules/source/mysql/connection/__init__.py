"""How MySQL and MariaDB are spoken to: its sessions, TLS, logins, and what its failures say."""
