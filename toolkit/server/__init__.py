"""The HTTP service: four dialects over one queue. It needs the extra ``server``."""
