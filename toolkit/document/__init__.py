"""The vocabulary of documents: pages, the fourteen types of block, JSON and Markdown."""
