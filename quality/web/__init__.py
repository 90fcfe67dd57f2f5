"""What the review and tuning applications share: pages served on this machine only,
behind a token, without a network.
"""

from quality.web.application import WebApplication, check_port, serve

__all__ = ["WebApplication", "check_port", "serve"]
