"""What every application of ours is: pages on this machine alone, for one who holds its token, without a network."""

from quality.web.guard import Guard, cookie_of
from quality.web.pages import Pages
from quality.web.serving import check_port, serve
from quality.web.shell import shell

__all__ = ["Guard", "Pages", "check_port", "cookie_of", "serve", "shell"]
