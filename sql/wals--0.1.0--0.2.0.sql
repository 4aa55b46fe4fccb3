\echo Use "ALTER EXTENSION wals UPDATE TO '0.2.0'" to load this file. \quit

-- Step by step what sql/wals has since 0.1.0.  A test compares the result with
-- a fresh installation: signatures, defaults, attributes, comments, grants.
