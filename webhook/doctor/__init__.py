"""An installation looked over: gathered by reading, checked as plain values, told to a person."""
