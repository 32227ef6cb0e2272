"""pagequeue: folders of documents into tables you can trust, in the notebook, on your machine."""
