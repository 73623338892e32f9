"""All tables: columns and constraints, nothing else."""
