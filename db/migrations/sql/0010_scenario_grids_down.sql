DELETE FROM runs WHERE kind IN ('grid', 'breakeven');

DROP TABLE breakeven_results;
DROP TABLE scenario_grid_results;
DROP TABLE scenario_grid_points;
