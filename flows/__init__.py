"""What a person starts and watches: flows, their runtime and the command line; no science belongs here."""
