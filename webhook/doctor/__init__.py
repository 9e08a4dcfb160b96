"""`bindguard doctor`: reads an installation into a snapshot, checks it as plain values, and reports what is wrong and what to do."""
