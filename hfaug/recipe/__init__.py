"""Recipes: a YAML file that says where rows come from, what is done to them and what is released."""

from hfaug.recipe.schema import Recipe, load_recipe, parse_recipe

__all__ = ["Recipe", "load_recipe", "parse_recipe"]
