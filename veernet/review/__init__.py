"""What a person trusts a sheet by: its picture, its record, and its scores against a truth."""
