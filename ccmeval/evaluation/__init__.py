"""The run of `ccmeval three-pillar`: two sets in, pillars in order, verdicts and one result out."""
