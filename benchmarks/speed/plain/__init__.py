"""The study as a straightforward script: torch, torch.nn.utils.prune, scikit-learn, grad-cam, scipy and pandas.

What a researcher writes in an afternoon, as the libraries' own pages show it: one process, torch's own threads, images
normalised once and kept in memory. Data set, network, initial weights and budget are those of the run that it is held
against. Verdicts and the report are left out; what evidence is read against (``controls``) is timed by itself.
"""
