"""What a study will take, before it is run and while it goes on: seconds, memory, disk."""

from sparsight.planning.calibrate import Parts, calibrate
from sparsight.planning.check import LEAST_SECONDS, Check
from sparsight.planning.clocks import Clocks, clocks, timed
from sparsight.planning.designs import Advice, Design, advice, candidates, chances_of, networks_of, of_design
from sparsight.planning.forecast import STAGES, Disk, Forecast, Memory, Pace, forecast
from sparsight.planning.power import LEVELS, Chances, Noise, usual
from sparsight.planning.scale import disk_of, memory_of, paces, sample_of
from sparsight.planning.specimen import Specimen, specimen
from sparsight.planning.tables import Sample, Tables, measure_tables, tables
from sparsight.planning.variances import own_noise
from sparsight.planning.words import checked, deviation, expected, spoken_time
from sparsight.planning.work import Work, compared, work_of

__all__ = [
    "LEAST_SECONDS",
    "LEVELS",
    "STAGES",
    "Advice",
    "Chances",
    "Check",
    "Clocks",
    "Design",
    "Disk",
    "Forecast",
    "Memory",
    "Noise",
    "Pace",
    "Parts",
    "Sample",
    "Specimen",
    "Tables",
    "Work",
    "advice",
    "calibrate",
    "candidates",
    "chances_of",
    "checked",
    "clocks",
    "compared",
    "deviation",
    "disk_of",
    "expected",
    "forecast",
    "measure_tables",
    "memory_of",
    "networks_of",
    "of_design",
    "own_noise",
    "paces",
    "sample_of",
    "specimen",
    "spoken_time",
    "tables",
    "timed",
    "usual",
    "work_of",
]
