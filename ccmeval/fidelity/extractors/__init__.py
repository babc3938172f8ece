"""Feature extractors: plug-ins of the group ``ccmeval.features`` that come with ccmeval."""
