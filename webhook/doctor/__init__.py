"""An installation looked over: gathered by reading, judged as plain values, told to a person. Mends nothing."""
