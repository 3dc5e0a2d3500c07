"""Ask documents that are longer than a model can read well; get answers whose page citations were checked."""

__version__ = "0.1.0.dev0"
