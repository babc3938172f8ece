"""Many frames: workers, the journal by which a run resumes, and the tables at its end."""
