"""Makes text from manifests safe for output files."""


def well_formed(tree: object) -> object:
    """The same JSON tree with lone surrogates escaped, which are not valid in UTF-8."""
    if isinstance(tree, str):
        return tree if tree.isascii() else tree.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(tree, dict):
        return {key: well_formed(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [well_formed(value) for value in tree]
    return tree
