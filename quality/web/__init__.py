"""What the review and tuning applications share: pages served on this machine only, behind a token, without a network."""

from quality.web.guard import Guard, cookie_of
from quality.web.pages import Pages, web_application
from quality.web.serving import check_port, serve

__all__ = ["Guard", "Pages", "check_port", "cookie_of", "serve", "web_application"]
