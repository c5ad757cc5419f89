"""Who calls, and what they may do: the token of this machine, API keys, OIDC, roles and deals (spec 08 §15)."""
