"""Pure statistics on arrays and tables: agreement, intervals over subjects, tests between diagnoses."""
