"""Pure statistics on arrays and tables: agreement, intervals over subjects, tests between diagnoses.

The subject is the unit of analysis: frames of one subject are averaged first, or drawn together.
Functions drop what is not finite and say how many values they rest on.
"""

from ccmeval.statistics.bland_altman import BlandAltman, bland_altman
from ccmeval.statistics.bootstrap import bootstrap_mean_ci, cluster_bootstrap, cluster_means
from ccmeval.statistics.correlation import concordance, pearson, spearman
from ccmeval.statistics.diagnosis_tests import diagnosis_tests
from ccmeval.statistics.effects import auc, hedges_g, mean_difference
from ccmeval.statistics.estimate import Estimate
from ccmeval.statistics.reliability import (
    Repeatability,
    coefficient_of_variation_within,
    icc,
    repeatability,
)
from ccmeval.statistics.tables import diagnosis_table, subject_table
from ccmeval.statistics.tests_of_difference import anova_p, holm, kruskal_wallis_p, mann_whitney_p, welch_p

__all__ = [
    "BlandAltman",
    "Estimate",
    "Repeatability",
    "anova_p",
    "auc",
    "bland_altman",
    "bootstrap_mean_ci",
    "cluster_bootstrap",
    "cluster_means",
    "coefficient_of_variation_within",
    "concordance",
    "diagnosis_table",
    "diagnosis_tests",
    "hedges_g",
    "holm",
    "icc",
    "kruskal_wallis_p",
    "mann_whitney_p",
    "mean_difference",
    "pearson",
    "repeatability",
    "spearman",
    "subject_table",
    "welch_p",
]
