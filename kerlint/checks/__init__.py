"""What a rule looks for, one function per page: the function is named like the page, with underscores."""
