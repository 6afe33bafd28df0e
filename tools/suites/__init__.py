"""The adapters beside the packages that they are made for, and against the suites of those packages' own repositories."""
