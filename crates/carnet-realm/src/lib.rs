//! The ticket-scoped content store: nodes, files, blobs, scope, quota, task tickets.
