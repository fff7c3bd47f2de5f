"""The table of cases, a file for each resource. The numbers in them are those that the code gives its rules, too."""

from . import hub, users, tokens, groups, services, servers, shares, oauth, pages, login  # noqa: F401, I001  (in this order)
