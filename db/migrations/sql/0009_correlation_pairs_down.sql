DROP TABLE correlation_sources;
DROP TABLE asset_correlation_pairs;
