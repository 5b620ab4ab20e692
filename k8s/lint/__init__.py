"""What no schema knows: whether rendered manifests fit together, and fit our programs.

``python -m k8s.lint [FOLDER…]`` renders each folder with ``kubectl kustomize`` and prints what is
wrong. Each module holds the rules of one theme, each rule is a function from a
:class:`~k8s.lint.world.World` to findings; :data:`k8s.lint.rules.RULES` lists them.
"""
