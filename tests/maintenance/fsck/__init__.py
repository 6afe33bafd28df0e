"""Tests of objstore.maintenance.fsck part by part; the whole is tested in test_fsck and test_damage."""
