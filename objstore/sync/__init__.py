"""Moving histories between storages."""
