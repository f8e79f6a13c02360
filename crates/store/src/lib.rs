//! Chandlery's durable state: SQL rows and content-addressed blobs.
