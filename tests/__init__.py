"""Tests of hfaug; the folders mirror the package."""
