"""Who may do what in a store that others reach over a network: grants, tokens, and the log of both and of refusals."""
