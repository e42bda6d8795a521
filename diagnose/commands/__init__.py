"""The subcommands of ``diagnose``: one file each, imported only when its command runs."""
