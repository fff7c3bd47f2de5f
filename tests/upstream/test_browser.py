"""JupyterHub's tests of its pages; a test's own helpers stay in the module that it comes from."""

from jupyterhub.tests.browser.test_browser import *  # noqa: F403
