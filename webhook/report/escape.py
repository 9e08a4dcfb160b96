"""Text out of manifests made safe for where it goes."""


def well_formed(tree: object) -> object:
    """The same JSON tree with lone surrogates spelled out: no UTF-8 file can hold them, and strict readers refuse them."""
    if isinstance(tree, str):
        return tree if tree.isascii() else tree.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(tree, dict):
        return {key: well_formed(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [well_formed(value) for value in tree]
    return tree
