"""The language server: `server` speaks to the editor, `analyst` reads code in a process of its own, `messages` go between the two."""
