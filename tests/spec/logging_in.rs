//! Logging in: who gets in, and what a stranger learns from being refused.
