-- Which keys a process opens secrets with: nothing is sealed again with one that somebody who runs does not hold yet.

-- Null: a program that does not tell.
ALTER TABLE process ADD COLUMN key_ids text[];
