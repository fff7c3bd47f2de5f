"""JupyterHub's tests of invitations."""

from jupyterhub.tests.browser.test_share import *  # noqa: F403
