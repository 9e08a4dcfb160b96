"""`bindguard doctor`: collects what an installation consists of, checks it as plain values, and reports what is wrong and what to do."""
