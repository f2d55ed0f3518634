-- The few nodes whose bytes were found damaged.
CREATE INDEX blobs_bad ON blobs (key) WHERE is_bad <> 0;
