//! One-time links: the first account's, and an invitation's.
