DROP TABLE simulation_tranche_statistics;
DROP TABLE simulation_statistics;
DROP TABLE job_blocks;
DROP TABLE block_jobs;
