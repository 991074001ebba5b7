"""What the columns of MySQL and MariaDB are in Arrow, and how their values get there."""
