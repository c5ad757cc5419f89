"""liabilities"""
