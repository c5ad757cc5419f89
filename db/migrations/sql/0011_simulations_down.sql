SELECT 1; -- filled with its tables
