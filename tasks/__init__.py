"""The stages of a batch as thin Prefect tasks; no science belongs here."""
