"""What archives and networks really do to us, made to happen: one test or more for each row of docs/reliability.md."""
